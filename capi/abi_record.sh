#!/bin/sh
# Records the ABI, or checks it against the record. The record is capi/symbols.txt (every exported function and the
# library version that introduced it) and tests/abi/tinytorch.abi (libabigail's dump of their types).
#
#   abi_record.sh symbols check|update ROOT
#   abi_record.sh types check|update ROOT LIBRARY    LIBRARY: the C API's objects with debug information
#
# Updating only ever adds: a function that is gone, or whose type has changed, is an error.
set -eu

what=$1
mode=$2
root=$3
current=1.0

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

declared() {
  # Without preprocessor lines and comments; the name is the word before a declaration's first parenthesis.
  cat "$root"/include/tinytorch/*.h | grep -v '^#' | tr '\n' ' ' | sed 's,/\*,\n/*,g; s,\*/,*/\n,g' | grep -v '^/\*' |
    tr '\n' ' ' | grep -oE 'TT_API [^;(]*\(' | sed -E 's/.*[ *](tt_[a-z0-9_]+) *\($/\1/' | LC_ALL=C sort -u
}

case $what in
  symbols)
    record=$root/capi/symbols.txt
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    declared >"$work/declared"
    touch "$work/recorded"
    if [ -f "$record" ]; then grep -v '^#' "$record" | awk '{ print $1 }' | LC_ALL=C sort -u >"$work/recorded"; fi
    gone=$(LC_ALL=C comm -13 "$work/declared" "$work/recorded" | tr '\n' ' ')
    new=$(LC_ALL=C comm -23 "$work/declared" "$work/recorded" | tr '\n' ' ')
    [ -z "$gone" ] || fail "recorded in capi/symbols.txt, but no longer declared: $gone"
    [ -n "$new" ] || exit 0
    [ "$mode" = update ] || fail "declared, but not recorded in capi/symbols.txt (./dev abi records them): $new"
    {
      echo "# Every function of the C API and the version of the library that introduced it. ./dev abi adds to it."
      {
        if [ -f "$record" ]; then grep -v '^#' "$record"; fi
        for name in $new; do echo "$name $current"; done
      } | LC_ALL=C sort
    } >"$work/symbols.txt"
    cat "$work/symbols.txt" >"$record"
    ;;
  types)
    library=$4
    dump=$root/tests/abi/tinytorch.abi
    headers=$root/include/tinytorch
    if [ "$mode" = update ]; then
      if [ -f "$dump" ]; then
        status=0
        abidiff --headers-dir2 "$headers" --drop-private-types --no-added-syms "$dump" "$library" || status=$?
        [ $((status & 8)) = 0 ] || fail "the change above breaks the ABI; a changed signature needs a new name"
      fi
      abidw --headers-dir "$headers" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs --exported-interfaces-only --no-elf-needed \
        --type-id-style hash --out-file "$dump" "$library"
      # Where the sources lay is nobody's business.
      sed -i -E "s# comp-dir-path='[^']*'##g; s#path='$root/#path='#g" "$dump"
      exit 0
    fi
    [ -f "$dump" ] || fail "there is no tests/abi/tinytorch.abi (./dev abi makes it)"
    abidiff --headers-dir2 "$headers" --drop-private-types "$dump" "$library" ||
      fail "the ABI is not what tests/abi/tinytorch.abi records: if the change only adds, record it with ./dev abi"
    ;;
  *) fail "usage: abi_record.sh symbols|types check|update ROOT [LIBRARY]" ;;
esac
