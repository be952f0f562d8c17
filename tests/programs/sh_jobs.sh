# Background commands and process statuses.
echo a & wait; echo b
(sleep 0; echo bg > f) & wait $!; cat f
for i in 1 2 3; do (exit $i) & eval p$i=$!; done; wait $p2; echo $?; wait $p3; echo $?; wait $p1; echo $?
sleep 60 & kill $!; wait $! 2>/dev/null; echo $?
true & false & wait; echo $?
[ $! -gt 1 ] && echo pid
cat & wait; echo "stdin empty"
echo x | cat & wait
{ echo group; } & wait
f() { echo func; return 4; }; f & wait $!; echo $?
[ "$$" = "$(echo $$)" ] && echo same pid in substitution
sh -c 'exit 9' & wait $!; echo $?
x=1; x=2 & wait; echo $x
(sleep 60 & kill $!; wait $!) 2>/dev/null; echo $?
i=0; while [ $i -lt 50 ]; do : & i=$((i+1)); done; wait; echo 50
false & true; echo $?
sh -c 'echo $PPID' | grep -c .
seq 1 5 | while read n; do (exit $n) & wait $!; printf '%s ' $?; done; echo
yes | head -n 3; echo $?
sleep 0 && echo and & wait
