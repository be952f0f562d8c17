# Field splitting.
show() { printf '%d:' $#; for word in "$@"; do printf '<%s>' "$word"; done; printf '\n'; }
x=' a b  c '
show $x "$x" y$x $x'z' $x$x
IFS=:
p=a:b::c:; show $p; p=:a; show $p; p=::; show $p; p=a:; show $p; p=; show $p "$p"
p='a b:c d'; show $p
show $(echo x:y z:w) "$(echo x:y)"
show x:y
IFS=': '
p='a : b:c  d ::e '; show $p
p=' : '; show $p
p=':'; show $p
p=' a'; show $p
IFS='x'
p='axbxxc'; show $p
show ${unset:-axb} "${unset:-axb}" axb ${unset:-"axb"}
IFS=
p='a b	c'; show $p
unset IFS
p='a b	c
d'; show $p
IFS=' '; show $p; unset IFS
p=$(printf 'l1\nl2\n\n\n'); show "$p" $p
p=$(printf '\n\nx'); show "$p"
IFS='
'; p=$(printf 'l 1\nl 2\n'); show $p; unset IFS
show $(echo) "$(echo)" $(:) x$(:)y
set -- 'a b' c; IFS=:; show $* "$*" $@; unset IFS
x='*'; show "$x" '*'; set -f; show $x *; set +f
IFS=0; show $((100+5)) 105; unset IFS
a='1 2' b='3 4'; show $a$b $a"$b" "$a"$b "$a$b" $a' '$b
for i in $a $b; do printf '%s;' $i; done; echo
IFS=/; set -- $(echo /usr/lib/x); unset IFS; show "$@"
