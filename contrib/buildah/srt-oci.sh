# srt-oci as the OCI runtime of buildah: for /etc/profile.d/, or to be sourced.
# `podman build` goes by containers.conf.d instead (contrib/podman).
export BUILDAH_RUNTIME=/usr/local/bin/srt-oci
