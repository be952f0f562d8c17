# if, while, until, for, case, lists, pipelines, groups.
if true; then echo 1; fi
if false; then echo no; fi; echo "status $?"
if false; then echo no; else echo else; fi
if false; then echo no; elif false; then echo no; elif true; then echo elif; else echo no; fi
if true
then
    echo newline
fi
if ! false; then echo not; fi
if true && false || true; then echo and-or; fi
if (exit 3); then echo no; else echo "cond $?"; fi
if false; true; then echo last; fi
i=0
while [ $i -lt 3 ]; do echo while $i; i=$((i+1)); done
until [ $i -eq 0 ]; do i=$((i-1)); echo until $i; done
while false; do echo no; done; echo "status $?"
for x in a b c; do echo $x; done
for x in; do echo no; done; echo "status $?"
for x
do echo no
done
for x in a b
do
    for y in 1 2; do
        [ $y = 2 ] && continue 2
        echo $x$y
    done
done
for x in a b c d; do case $x in b) continue;; d) break;; esac; echo $x; done
for x in 1 2; do while :; do break 2; done; echo no; done; echo "x=$x"
for x in 1 2; do while :; do break; done; echo "after $x"; done
for x in 1 2 3; do break 9; done; echo $x
while :; do i=$((i+1)); if [ $i -gt 3 ]; then break; fi; done; echo $i
n=0; while n=$((n+1)); [ $n -lt 4 ]; do continue; echo no; done; echo $n
for x in "a b" c; do echo "[$x]"; done; echo "$x"
for in in in; do echo $in; done
for do in do; do echo $do; done
case abc in abc) echo exact;; esac
case abc in a*) echo star;; *) echo no;; esac
case abc in x|a?c|y) echo alt;; esac
case abc in (abc) echo paren;; esac
case "a b" in "a b") echo quoted;; esac
case '*' in '*') echo literal star;; esac
case x in '*') echo no;; *) echo default;; esac
case x in y) echo no;; esac; echo "status $?"
case x in x) ;; esac; echo "status $?"
case x in x) false;; esac; echo "status $?"
case "" in "") echo empty;; esac
case $(echo word) in wo*) echo sub;; esac
p='a*'; case abc in $p) echo pattern;; esac; case abc in "$p") echo no;; *) echo quoted pattern;; esac
case b in [a-c]) echo range;; esac; case d in [!a-c]) echo not range;; esac
case ']' in []]) echo bracket;; esac; case - in [a-]) echo dash;; esac
case a/b in a*) echo slash;; esac
case in in in) echo in;; esac
case esac in (esac) echo esac;; esac
case x in a) echo a;; x) echo x
;; *) echo star;; esac
case 1 in 1) echo no semicolon; esac
case a in
    # comment
    a)
        echo lines
        ;;
esac
true && echo and; false && echo no; true || echo no; false || echo or
false && echo no || echo chain; true && false || echo chain2
true && true && false || echo 3; false || false && echo no; echo "status $?"
true &&
echo continued
false ||

echo continued
! true; echo $?; ! false; echo $?; ! (exit 4); echo $?
! true | false; echo $?
{ echo group; echo two; } | cat
{ echo a; echo b; }
{
echo lines
}
(echo sub; exit 3); echo $?
(x=inner; echo $x); echo ${x}
{ x=group; }; echo $x
echo a | (read v; echo "got $v")
echo a | { read v; echo "got $v"; }
echo one | while read l; do echo "l=$l"; done
printf '1\n2\n3\n' | while read n; do [ $n = 2 ] && break; echo $n; done
for x in 1 2 3; do echo $x; done | cat
if true; then echo piped; fi | tr p P
echo x | cat | cat | cat | tr x y
seq 1 1000 | tail -n 1
true | false; echo $?; false | true; echo $?
(exit 1) | (exit 2) | (exit 3); echo $?
echo a; echo b;echo c
((echo nested); (echo subshells))
( (echo x) )
{ { echo deep; }; }
while :; do while :; do break 2; done; done; echo out
true; echo $?
:; echo $?
if :; then :; fi; echo $?
x=1; if [ $x ]; then y=2; fi; echo $y
