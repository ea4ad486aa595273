/* SPDX-License-Identifier: Apache-2.0 */
/* elf.c - program headers and the dynamic section, read from an untrusted file. */
#include "rootfs-tools/elf.h"

#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define HEADERS_MAX 512
#define DYNAMIC_MAX 4096
#define NEEDED_MAX 1024
#define STRING_MAX 4096
#define STRINGS_MAX (256u << 10) /* of all names of a file */
#define ENTRY_BYTES sizeof(Elf64_Phdr)

/* The fields of both classes that matter, in the host's byte order. */
struct segment {
	uint32_t type;
	uint64_t offset, vaddr, size;
};

struct image {
	struct spool *spool;
	struct content *content;
	struct segment *segments;
	size_t n;
	bool wide; /* 64 bits */
};

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INTEGRITY, 0, "damaged ELF file: %s", what);
}

static int image_read(const struct image *m, uint64_t at, void *buf, size_t n, struct err *err)
{
	return spool_read(m->spool, m->content, at, buf, n, err);
}

static struct segment segment_of(bool wide, const unsigned char *raw)
{
	Elf64_Phdr big;
	Elf32_Phdr small;

	if (wide) {
		memcpy(&big, raw, sizeof(big));
		return (struct segment){ le32toh(big.p_type), le64toh(big.p_offset),
					 le64toh(big.p_vaddr), le64toh(big.p_filesz) };
	}
	memcpy(&small, raw, sizeof(small));
	return (struct segment){ le32toh(small.p_type), le32toh(small.p_offset),
				 le32toh(small.p_vaddr), le32toh(small.p_filesz) };
}

static int segments_read(struct image *m, uint64_t at, size_t n, size_t step, struct arena *a,
			 struct err *err)
{
	unsigned char raw[ENTRY_BYTES];
	size_t size = m->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (n > HEADERS_MAX || (n > 0 && step < size))
		return bad(err, "its program headers");
	m->segments = arena_array(a, struct segment, n + 1);
	m->n = n;
	for (size_t i = 0; i < n; i++) {
		TRY(image_read(m, at + i * step, raw, size, err));
		m->segments[i] = segment_of(m->wide, raw);
	}
	return 0;
}

static int string_read(const struct image *m, uint64_t at, uint64_t room, struct arena *a,
		       const char **ret, struct err *err)
{
	char buf[STRING_MAX];
	uint64_t left = at < m->content->size ? m->content->size - at : 0;
	size_t n;

	if (room > left)
		room = left;
	n = room < sizeof(buf) ? (size_t)room : sizeof(buf);
	TRY(image_read(m, at, buf, n, err));
	if (!memchr(buf, '\0', n))
		return bad(err, "a string without an end");
	*ret = arena_str(a, buf);
	return 0;
}

/* Where the bytes of a virtual address lie in the file. */
static int address_offset(const struct image *m, uint64_t address, uint64_t *ret, struct err *err)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct segment *s = &m->segments[i];

		if (s->type == PT_LOAD && address >= s->vaddr && address - s->vaddr < s->size) {
			*ret = s->offset + (address - s->vaddr);
			return 0;
		}
	}
	return bad(err, "an address outside its segments");
}

struct dynamic {
	uint64_t tag[DYNAMIC_MAX], value[DYNAMIC_MAX];
	size_t n;
};

static int dynamic_read(const struct image *m, const struct segment *s, struct dynamic *d,
			struct err *err)
{
	size_t size = m->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);

	for (uint64_t at = 0; s->size - at >= size; at += size) {
		unsigned char raw[sizeof(Elf64_Dyn)];
		uint64_t tag, value;

		TRY(image_read(m, s->offset + at, raw, size, err));
		if (m->wide) {
			memcpy(&tag, raw, 8);
			memcpy(&value, raw + 8, 8);
			tag = le64toh(tag);
			value = le64toh(value);
		} else {
			uint32_t half[2];

			memcpy(half, raw, sizeof(half));
			tag = le32toh(half[0]);
			value = le32toh(half[1]);
		}
		if (tag == DT_NULL)
			return 0;
		if (d->n == DYNAMIC_MAX)
			return bad(err, "its dynamic section is endless");
		d->tag[d->n] = tag;
		d->value[d->n++] = value;
	}
	return 0;
}

static uint64_t dynamic_find(const struct dynamic *d, uint64_t tag)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->tag[i] == tag)
			return d->value[i];
	return 0;
}

static int names_read(const struct image *m, const struct dynamic *d, struct arena *a,
		      struct elf *elf, struct err *err)
{
	uint64_t size = dynamic_find(d, DT_STRSZ), strings = 0;
	size_t all = 0;

	elf->needed = arena_array(a, const char *, d->n + 1);
	if (!dynamic_find(d, DT_STRTAB))
		return 0;
	TRY(address_offset(m, dynamic_find(d, DT_STRTAB), &strings, err));
	for (size_t i = 0; i < d->n; i++) {
		uint64_t tag = d->tag[i], at = d->value[i];
		const char *s;

		if (tag != DT_NEEDED && tag != DT_RPATH && tag != DT_RUNPATH && tag != DT_SONAME)
			continue;
		if (at >= size)
			return bad(err, "a name outside its string table");
		TRY(string_read(m, strings + at, size - at, a, &s, err));
		all += strlen(s) + 1;
		if (all > STRINGS_MAX)
			return bad(err, "its names are endless");
		if (tag == DT_RPATH)
			elf->rpath = s;
		else if (tag == DT_RUNPATH)
			elf->runpath = s;
		else if (tag == DT_SONAME)
			elf->soname = s;
		else if (elf->n_needed < NEEDED_MAX)
			elf->needed[elf->n_needed++] = s;
	}
	return 0;
}

static int segments_use(const struct image *m, struct arena *a, struct elf *elf, struct err *err)
{
	struct dynamic *d = arena_new(a, struct dynamic);

	for (size_t i = 0; i < m->n; i++) {
		const struct segment *s = &m->segments[i];

		if (s->type == PT_INTERP)
			TRY(string_read(m, s->offset, s->size, a, &elf->interpreter, err));
		if (s->type == PT_DYNAMIC)
			TRY(dynamic_read(m, s, d, err));
	}
	return names_read(m, d, a, elf, err);
}

int elf_read(struct spool *s, struct content *c, struct arena *a, struct elf *ret, struct err *err)
{
	struct image m = { .spool = s, .content = c };
	struct elf elf = { 0 };
	Elf64_Ehdr big;
	Elf32_Ehdr small;

	/* Shorter than the smaller header: nothing that a loader would load. */
	if (c->size < sizeof(small))
		return 1;
	TRY(image_read(&m, 0, &small, sizeof(small), err));
	if (memcmp(small.e_ident, ELFMAG, SELFMAG) != 0 || small.e_ident[EI_DATA] != ELFDATA2LSB)
		return 1;
	m.wide = small.e_ident[EI_CLASS] == ELFCLASS64;
	elf.machine = le16toh(small.e_machine);
	elf.bits = m.wide ? 64 : 32;
	if (m.wide) {
		TRY(image_read(&m, 0, &big, sizeof(big), err));
		TRY(segments_read(&m, le64toh(big.e_phoff), le16toh(big.e_phnum),
				  le16toh(big.e_phentsize), a, err));
	} else {
		TRY(segments_read(&m, le32toh(small.e_phoff), le16toh(small.e_phnum),
				  le16toh(small.e_phentsize), a, err));
	}
	TRY(segments_use(&m, a, &elf, err));
	*ret = elf;
	return 0;
}
