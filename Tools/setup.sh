# What quickstart and test share: checks and installation, each failure one clear sentence.

fail() { echo "error: $*" >&2; exit 2; }

need_swift() {
  command -v swift >/dev/null ||
    fail "there is no Swift toolchain on the PATH; install Swift 6 from swift.org/install and try again"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [ "${version%%.*}" -ge 6 ] 2>/dev/null ||
    fail "Swift ${version:-of unknown version} is too old; Glint needs Swift 6 (swift.org/install)"
}

# Installs what is missing of the named Debian packages, as root or through sudo, and says so.
need_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian or Ubuntu; install the equivalents of these packages by hand: $*"
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing and need root to install: ${missing[*]}"
    sudo=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || true
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/tmp/glint-apt.log 2>&1 ||
    fail "apt-get could not install ${missing[*]} (no network, or an old package list?); its words are in /tmp/glint-apt.log"
}

# swift build with its failures in one sentence.
build() {
  local log
  log=$(mktemp)
  if ! swift build "$@" >"$log" 2>&1; then
    if grep -qE 'Failed to clone|could not resolve host|unable to access' "$log"; then
      fail "the Swift packages that Glint depends on could not be fetched: is there a network? (log: $log)"
    fi
    tail -n 40 "$log" >&2
    fail "the build failed; the whole log is in $log"
  fi
  rm -f "$log"
}
