# Shared by the scripts; sourced, never run.
# Sets `root` (the repository) and goes there, and gives the functions below.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

tools=$root/build/tools

# say TEXT: one line that stands out between the output of programs.
say() { printf '== %s\n' "$*"; }

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# as_root COMMAND...: through sudo unless we are root already.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || die "'$*' needs root; run this script as root or install sudo"
  sudo "$@"
}

# stage NAME COMMAND...: runs it and says how long it took.
stage() {
  local name=$1 begin=$SECONDS; shift
  say "$name"
  "$@" || { local code=$?; say "$name: FAILED after $((SECONDS - begin)) s" >&2; return $code; }
  say "$name: $((SECONDS - begin)) s"
}

# The kubectl to use: the one on PATH, else the one scripts/install-packages unpacked.
find_kubectl() {
  if command -v kubectl >/dev/null; then command -v kubectl; return; fi
  [ -x "$tools/kubernetes-client/usr/bin/kubectl" ] && echo "$tools/kubernetes-client/usr/bin/kubectl"
}

build_release() {
  cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log >&2; return 1; }
  cmake --build --preset release -- -j "$(nproc)" "$@"
}
