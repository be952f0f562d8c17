# Command substitution.
echo $(echo a) "$(echo b)" `echo c` "`echo d`"
echo $(echo $(echo $(echo deep)))
echo `echo \`echo deep\``
x=$(echo "a  b"); echo $x "$x"
x=$(printf 'a\n\n\n'); echo "[$x]"
x=$(printf '\n\na'); echo "[$x]"
x=$(true); echo "[$x]$?"; x=$(false); echo $?; x=$(exit 7) y=$(exit 8); echo $?
echo $(false) $?; echo $?
x=$(echo out; exit 3); echo $x $?
y=1; $(y=2); echo $y
echo $(case x in x) echo case;; esac) "$(case y in (y) echo paren;; esac)"
echo "$(echo "quoted ) paren" ')' \))"
echo $(echo a # comment )
)
echo "$(
echo multi
echo line
)"
echo $(echo a; echo b) $(echo a
echo b)
echo "a$(echo b)c"d$(echo e)
for i in $(seq 1 5); do printf $i; done; echo
set -- $(echo one two three); echo $#
z=$(f() { echo func; }; f); echo $z
echo $(cat <<E
heredoc
E
)
echo $( (echo subshell) ) "$( (echo a); (echo b) )"
v=cmd; $(echo echo) hello
$(true); echo $?; $(false); echo $?
echo "$(echo "$(echo "inner quotes")")"
echo "`echo "back quotes"`"
echo $(echo '$x' "$x" \$x)
echo `echo '$x'`
w=$(cd /; pwd); echo $w
printf '%s\n' "$(seq 1 2000)" | wc -l
echo ${#x} $(echo ${#x})
a=$(echo 'x*'); echo "$a"
echo "$(echo a)" "$(echo b)" | tr ' ' -
echo $(echo 1 2>&1) $( { echo err >&2; } 2>&1)
t=`echo a
echo b`; echo $t
echo $(echo x | tr x y) $(if true; then echo t; fi) $(for q in 1 2; do echo $q; done)
: $(echo nothing)
echo "$(printf 'a\tb')"
echo pre$(echo)post
( exit $(echo 5) ); echo $?
