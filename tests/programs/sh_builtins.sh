# Builtins one by one.
cd /; pwd; cd /tmp/.; pwd; cd ..; pwd; cd - ; pwd; cd /; HOME=/tmp; cd; pwd; cd /nosuch 2>/dev/null || echo "none, still in $(pwd)"
mkdir -p /tmp/sh_builtins.$$/a/b; cd /tmp/sh_builtins.$$ ; base=$PWD
cd a/b; echo ${PWD#$base}; cd ../..; echo "[${PWD#$base}]"; cd ./a//b/../; echo ${PWD#$base}; echo ${OLDPWD#$base}
cd "$base"; ln -s a link; cd link; echo ${PWD#$base}; cd ..; echo "[${PWD#$base}]"; cd link/b; echo ${PWD#$base}; cd "$base"
printf 'a b c\nd\n  e   f  \n\\x y\\ z\nlast' > in
{ read x; echo "[$x]"; read x y; echo "[$x][$y]"; read x; echo "[$x]"; read x y; echo "[$x][$y]"; read x; echo "$? [$x]"; read x; echo "$? [$x]"; } < in
{ read -r x; read -r x y; read -r x; read -r x; echo "$x"; } < in
printf 'a:b:c:d\n' | { IFS=: read x y z; echo "[$x][$y][$z]"; }
printf 'a:b:\n' | { IFS=: read x y; echo "[$x][$y]"; }
printf 'a:\n' | { IFS=: read x y; echo "[$x][$y]"; }
printf ':a\n' | { IFS=: read x y; echo "[$x][$y]"; }
printf ' a  b \n' | { IFS= read x; echo "[$x]"; }
printf 'a\\\nb\n' | { read x; echo "[$x]"; }
printf 'a b c\n' | { read x y z w; echo "[$x][$y][$z][$w]"; }
printf '  lead\n' | { read x; echo "[$x]"; }
printf 'one\ntwo\nthree\n' | { read a; cat; }
: ignored args; echo $?
true x; echo $?; false x; echo $?
eval echo 'a  b'; eval 'x=1; echo $x'; eval; echo $?; eval 'echo "a  b"'; eval "echo" "two" 'words'
eval 'exit_status() { return 4; }'; exit_status; echo $?
set -- a b c; shift; echo $*; shift 2; echo $#; (shift 5) 2>/dev/null; echo $?
x=1; unset x; echo ${x-unset}; unset nothing; echo $?
export E=1; sh -c 'echo $E'; export E F; F=2; sh -c 'echo $E$F'; unset E; sh -c 'echo [$E]'
A=1; (A=2; echo $A); echo $A
(exit); echo $?; (false; exit); echo $?; (exit 300); echo $?; (exit 0); echo $?
(. ./nosuch; echo no) 2>/dev/null; [ $? -gt 0 ] && echo no file
echo 'echo sourced $1; v=set; return 5; echo no' > src; . ./src; echo $? $v
PATH=$PATH:. ; . src; PATH=${PATH%:.}
type cd echo | grep -c builtin
command echo hi; command -v nosuch; echo $?; command -v cd
f() { echo f; }; command -v f; command -v if
umask 022; umask; (umask 077; > priv; stat -c %a priv); umask 027; > grp; stat -c %a grp; umask 022
trap 'echo bye' EXIT; trap - EXIT; (trap 'echo sub bye' EXIT; echo in sub); (trap 'echo one' EXIT; exit 3); echo $?
sh -c 'trap "echo trap \$?" EXIT; exit 4'; echo $?
sh -c 'trap "exit 9" EXIT; exit 4'; echo $?
sh -c 'trap "echo t" 0; exec true'; echo $?
trap '' USR1; trap | grep -c USR1; sh -c 'kill -USR1 $$; echo alive'; trap - USR1
sleep 0 & wait; echo $?; (exit 6) & wait $!; echo $?; wait 99999; echo $?
sh -c 'kill -TERM $$' 2>/dev/null; echo $?; sh -c 'kill -KILL $$' 2>/dev/null; echo $?
sleep 60 & p=$!; kill $p; wait $p 2>/dev/null; echo $?
kill -0 $$; echo $?
exec 3>&1; (exec echo exec); (exec nosuch) 2>/dev/null; echo $?; (exec /) 2>/dev/null; echo $?
OPTIND=1; while getopts ab:c o -a -b val -c rest; do echo "$o ${OPTARG-}"; done; echo $OPTIND
OPTIND=1; while getopts ab:c o -abval x; do echo "$o ${OPTARG-}"; done; echo $OPTIND
OPTIND=1; getopts a o -z 2>/dev/null; echo $? $o
OPTIND=1; getopts :a: o -a; echo "$? $o $OPTARG"; OPTIND=1; getopts :a o -q; echo "$? $o $OPTARG"
set -- -x -- -y; OPTIND=1; while getopts xy o; do echo $o; done; shift $((OPTIND-1)); echo "$@"
test a; echo $?; test; echo $?; test ''; echo $?; test ! a; echo $?; [ a = a ]; echo $?; [ a != a ]; echo $?
[ 1 -lt 2 ] && [ 2 -ge 2 ] && [ -1 -lt 0 ] && echo numbers; [ 1 -eq x ] 2>/dev/null; echo $?
[ -f in ] && [ -d a ] && [ -e a ] && [ ! -e nope ] && [ -s in ] && [ -L link ] && [ -r in ] && echo files
[ -z "" ] && [ -n a ] && [ "" = "" ] && [ a -a b ] && [ "" -o b ] && echo strings
[ \( a \) ] && [ \( a = a \) -a ! \( b = c \) ] && echo parens; [ -n ] && echo one word; [ = ] && echo eq; [ ! ] && echo bang
[ -f = -f ] && echo op words; [ "(" = "(" ] && echo paren words; [ ! = ! ] && echo bangs; [ a = ] 2>/dev/null; echo $?; [ a 2>/dev/null; echo $?
printf '%s-%d-%x-%o-%c-%5s-%-5s|%05d|%.2s|%%|%b\n' str 42 255 8 char r l 42 trunc 'a\tb'
printf '%s\n' a b c; printf '%s %s\n' 1 2 3; printf 'no args\n'; printf '%d\n' 0x1f; printf '\101\x\n' | head -c 1; echo
printf '%d\n' notnum 2>/dev/null; echo $?; printf '%s|' ; echo; printf '%u %i\n' 7 -7; printf '%3d|%-3d|%+d\n' 1 2 3
echo -n no newline; echo; echo - -- -x; echo
cd /; rm -rf "$base"
