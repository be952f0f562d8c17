# Functions.
f() { echo "f $# $1 $2"; }
f; f a; f a b; f "a b" c
g() { return 3; echo no; }; g; echo $?
h() { false; }; h; echo $?
h() { return; }; false; h; echo $?
i() ( x=sub; echo $x; exit 4 ); x=outer; i; echo $? $x
j() { x=changed; }; j; echo $x
k() if true; then echo compound; fi
k
l() { for a; do echo "[$a]"; done; }; l 1 '2 3' 4
m()
{
    echo newline
}
m
n() { echo "$@"; } > out; n to file; cat out
rec() { [ $1 -eq 0 ] && { echo done; return; }; printf '%s ' $1; rec $(($1 - 1)); }; rec 10
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(( $(fib $(($1-1))) + $(fib $(($1-2))) )); fi; }; fib 7
set -- outer args; o() { set -- inner; echo $1 $#; shift; echo $#; }; o a b c; echo $1 $#
p() { echo first; p() { echo second; }; }; p; p
q() { echo q; }; unset -f q; q 2>/dev/null; echo $?
r() { break; }; for z in 1 2; do r; echo $z; done
s() { for z in 1 2 3; do [ $z = 2 ] && return 5; echo $z; done; }; s; echo $?
t() { while :; do return 6; done; }; t; echo $?
u() { v=$1; echo $v; }; v=keep; v=temp u arg; echo $v
w() { echo "[$tmp]"; }; tmp=in w; echo "[${tmp-}]"
f | cat; f x | tr f F
y() { cat; }; echo input | y
z() { echo err >&2; }; z 2>&1 | cat
aa() { local lx=1; echo $lx; bb; echo $lx; }; bb() { echo "sees $lx"; lx=2; }; lx=0; aa; echo $lx
cc() { return 255; }; cc; echo $?
dd1() { echo "$(echo in $1)"; }; dd1 sub
echo() { printf 'my echo: %s\n' "$*"; }; echo hi; unset -f echo; echo back
ee() { eval 'return 7'; printf no; }; ee; echo $?
ff() { shift; echo "$@"; }; ff 1 2 3
gg() { : ; }; gg && echo ok
hh() { [ "$1" ] && { hh; echo after; } || echo base; }; hh x
