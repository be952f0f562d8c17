# Parameters and what can be done to them in ${ }.
show() { printf '%d:' $#; for word in "$@"; do printf '<%s>' "$word"; done; printf '\n'; }
unset u
e= v=value
show "${u-d}" "${u:-d}" "${e-d}" "${e:-d}" "${v-d}" "${v:-d}"
show "${u+a}" "${u:+a}" "${e+a}" "${e:+a}" "${v+a}" "${v:+a}"
show "${u=set}" "$u"; unset u
show "${u:=set}" "$u" "${e:=other}" "$e"; e=; unset u
(echo "${u?is missing}"; echo not reached) 2>/dev/null; echo $?
(echo "${e:?is empty}"; echo not reached) 2>/dev/null; echo $?
(echo "${e?fine}x"; echo "${v:?fine}"); echo $?
show ${#v} ${#e} ${#u} "${#v}" ${#}
p=/usr/local/lib/file.tar.gz
show ${p#*/} ${p##*/} ${p%/*} ${p%%/*} ${p%.*} ${p%%.*} ${p#nothing} ${p%nothing}
show "${p##*/}" "${p#"/usr"}" "${p%".gz"}" ${p#/usr/*/} ${p##/*/}
star='a*b*c'
show "${star#*'*'}" "${star%'*'*}" "${star#*\*}" "${star##*"*"}" "${star#a*}" "${star##a*}"
q='*'
show "${star#a"$q"}" "${star#a$q}" "${star##a$q}"
show "${v#?}" "${v%?}" "${v#[uvw]}" "${v%%[!v]*}" "${v##*[a-l]}"
show "${e#x}" "${u#x}" ${e%x} ${#e}
set -- one 'two  2' '' four
show $# "$#" "${#}" $1 "$2" "$3" "${4}" "$5" "${5-none}" "${2#two}"
show "$@"
show $@
show "$*"
show $*
show "x$@y"
show x$@y
show "$@$@"
show "${@}" "${*}"
show ${1+"$@"}
for a do printf '[%s]' "$a"; done; echo
IFS=-; show "$*" $*; show "$@"; x="$*"; show "$x"; x=$*; unset IFS; show "$x"
IFS=; show "$*" $*; unset IFS
set --
show "$@"
show "$*"
show $@ $*
show "a$@b" a"$@"
show "${1-none}" ${1:-none} $#
set -- 1 2 3 4 5 6 7 8 9 ten eleven
show $10 ${10} ${11} "${1}0"
shift 9; show "$@"
shift; shift; show "$@" $#
set a b c; shift 0; show "$@"
set -- -x -y; show "$@"
show "$0x" | grep -c 'x>'
false; show $? "$?"
true; show $?
(exit 7); show $? $?
v=1; show $v$v "$v$v" ${v}2 $v-2 $v.2 "$v"2
a=b b=c; eval "show \$$a"
x=5; y=$x z=$y; show $x $y $z
x=1; x=2 y=$x; show $x $y
x=a; x=$x$x; x=$x$x; show $x
x='  lead trail  '; show $x "$x"; y=$x; show "$y"
_u1=ok; show $_u1 ${_u1}
unset v; show "${v-unset}"; v=; unset v w; show "${v-unset}${w-unset}"
long=; i=0; while [ $i -lt 12 ]; do long=$long$long.; i=$((i+1)); done; show ${#long}
show "${long##*.}" "${#long}"
readonly r=1; (r=2; echo not reached) 2>/dev/null; echo $? $r
(unset r) 2>/dev/null || echo cannot unset
export e1=x; sh -c 'echo "[$e1]"'
e2=y sh -c 'echo "[$e2]"'; show "${e2-gone}"
e1=z; sh -c 'echo "[$e1]"'
