#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""papers - holds the SBOM and the provenance of bundles against schemas, with python3-jsonschema.

    papers.py BUNDLE-DIRECTORY...

The schemas are written from the texts of SPDX 2.3 (clauses 6, 7, 11), in-toto Statement and ResourceDescriptor v1 and SLSA
Provenance v1, and are stricter than these: what they do not name is refused.  The one of SPDX was held member by member against
the published JSON Schema (github.com/spdx/spdx-spec, schemas/spdx-schema.json at 03e110136bf4, which no package of Debian or npm
carries): each name, type, required member and word that is allowed here is allowed there.  For SLSA v1 none is published.  What no
schema can say is asked below: that every reference leads to something, and that the subjects are the files beside them.  Exit
status 1 where anything is wrong.
"""
import hashlib
import json
import pathlib
import sys

import jsonschema

HEX64 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT = {"type": "string", "minLength": 1}
URI = {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:[^ ]+$"}
NOBODY_LOOKED = {"enum": ["NOASSERTION", "NONE"]}


def exactly(required, **more):
    """An object with these members, those in required always, and no others."""
    return {"type": "object", "properties": more, "required": required.split(), "additionalProperties": False}


def each(of, least=0):
    return {"type": "array", "items": of, "minItems": least}


SPDXID = {"type": "string", "pattern": r"^SPDXRef-[A-Za-z0-9.-]+$"}
PURL = {"type": "string", "pattern": r"^pkg:(deb/debian|npm)/[A-Za-z0-9%._~/-]+@[A-Za-z0-9%._~-]+(\?[a-z]+=[A-Za-z0-9%._~-]+)?$"}
SPDX = exactly(
    "SPDXID creationInfo dataLicense documentNamespace name packages relationships spdxVersion",
    SPDXID={"const": "SPDXRef-DOCUMENT"},
    spdxVersion={"const": "SPDX-2.3"},
    dataLicense={"const": "CC0-1.0"},
    name=TEXT,
    documentNamespace={**URI, "not": {"pattern": "#"}},
    creationInfo=exactly("created creators",
                         created={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                         creators=each({"type": "string", "pattern": "^(Person|Organization|Tool): .+"}, 1)),
    packages=each(exactly(
        "SPDXID name downloadLocation filesAnalyzed",
        SPDXID=SPDXID, name=TEXT, versionInfo=TEXT,
        # Of files that were not looked at there is no verification code.
        filesAnalyzed={"const": False},
        downloadLocation={"anyOf": [URI, NOBODY_LOOKED]},
        licenseConcluded=NOBODY_LOOKED, licenseDeclared=NOBODY_LOOKED, copyrightText=NOBODY_LOOKED,
        primaryPackagePurpose={"enum": ["APPLICATION", "ARCHIVE", "CONTAINER", "DEVICE", "FILE", "FIRMWARE", "FRAMEWORK", "INSTALL",
                                        "LIBRARY", "OPERATING-SYSTEM", "OTHER", "SOURCE"]},
        checksums=each({"oneOf": [exactly("algorithm checksumValue", algorithm={"const": "SHA256"}, checksumValue=HEX64),
                                  exactly("algorithm checksumValue", algorithm={"const": "SHA512"},
                                          checksumValue={"type": "string", "pattern": "^[0-9a-f]{128}$"})]}, 1),
        externalRefs=each(exactly("referenceCategory referenceType referenceLocator", referenceCategory={"const": "PACKAGE-MANAGER"},
                                  referenceType={"const": "purl"}, referenceLocator=PURL), 1)), 1),
    relationships=each(exactly("spdxElementId relatedSpdxElement relationshipType", spdxElementId=SPDXID, relatedSpdxElement=SPDXID,
                               relationshipType={"enum": ["DESCRIBES", "CONTAINS", "GENERATED_FROM"]}), 1))

DIGESTS = {"type": "object", "minProperties": 1, "additionalProperties": False,
           "properties": {"sha256": HEX64, "sha512": {"type": "string", "pattern": "^[0-9a-f]{128}$"}}}
PROVENANCE = exactly(
    "_type subject predicateType predicate",
    _type={"const": "https://in-toto.io/Statement/v1"},
    predicateType={"const": "https://slsa.dev/provenance/v1"},
    subject=each(exactly("name digest", name=TEXT, digest=DIGESTS), 1),
    predicate=exactly(
        "buildDefinition runDetails",
        buildDefinition=exactly(
            "buildType externalParameters",
            buildType=URI,
            externalParameters={"type": "object"},
            internalParameters={"type": "object"},
            # A descriptor of a resource has at least one of these.
            resolvedDependencies=each({**exactly("", name=TEXT, uri=URI, digest=DIGESTS),
                                       "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}]})),
        runDetails=exactly("builder", builder=exactly("id", id=URI, version={"type": "object", "additionalProperties": TEXT}),
                           metadata={"type": "object"}, byproducts=each({"type": "object"}))))


def spdx_beyond(doc):
    ids = [doc["SPDXID"], *(p["SPDXID"] for p in doc["packages"])]
    if len(set(ids)) != len(ids):
        yield "an SPDXID twice"
    for r in doc["relationships"]:
        if not {r["spdxElementId"], r["relatedSpdxElement"]} <= set(ids):
            yield f"a relationship to nothing: {r}"
    described = [r["relatedSpdxElement"] for r in doc["relationships"] if r["relationshipType"] == "DESCRIBES"]
    if len(described) != 1:
        yield "it does not describe one thing"
    reached = {described[0], *(r["relatedSpdxElement"] for r in doc["relationships"] if r["spdxElementId"] == described[0])}
    for one in set(ids[1:]) - reached:
        yield f"{one} has no place in it"


def provenance_beyond(doc, top):
    for one in doc["subject"]:
        if one["name"] == "manifest" and hashlib.sha256((top / "manifest").read_bytes()).hexdigest() != one["digest"]["sha256"]:
            yield "its manifest is another"


def main():
    faults = []
    for schema in (SPDX, PROVENANCE):
        jsonschema.Draft7Validator.check_schema(schema)
    for word in sys.argv[1:]:
        top = pathlib.Path(word)
        for name, schema, beyond in (("sbom.spdx.json", SPDX, spdx_beyond),
                                     ("provenance.json", PROVENANCE, lambda d, top=top: provenance_beyond(d, top))):
            doc = json.loads((top / name).read_text())
            wrong = [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(doc)]
            faults += [f"{word}/{name}: {w[:300]}" for w in wrong or beyond(doc)]
    print("\n".join(faults) or f"{len(sys.argv) - 1} bundles, as the schemas say")
    sys.exit(bool(faults))


main()
