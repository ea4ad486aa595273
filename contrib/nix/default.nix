# SPDX-License-Identifier: Apache-2.0
# srt-oci as a derivation: nix-build contrib/nix. The runtime program is static, as elsewhere.
{ pkgs ? import <nixpkgs> { } }:

pkgs.stdenv.mkDerivation {
  pname = "srt-oci";
  version = "0.1.0";
  src = pkgs.lib.cleanSource ../..;

  nativeBuildInputs = [ pkgs.pkg-config pkgs.git ];
  buildInputs = [ pkgs.glibc.static pkgs.yajl pkgs.libseccomp pkgs.util-linux pkgs.libarchive pkgs.openssl pkgs.zlib pkgs.zstd ];

  makeFlags = [ "PREFIX=$(out)" "MUSL=" "YAJL_STATIC=${pkgs.yajl}/lib/libyajl_s.a" ];
  enableParallelBuilding = true;

  meta = {
    description = "Rootless OCI container runtime, and sandboxes by the same path";
    license = pkgs.lib.licenses.asl20;
    platforms = pkgs.lib.platforms.linux;
    mainProgram = "srt-oci";
  };
}
