# Redirections.
echo one > f; cat f; echo two >> f; cat < f; cat f | wc -l
> empty; wc -c < empty; : > f; wc -c < f
echo err 1>&2 2>/dev/null
{ echo out; echo err >&2; } 2> e; echo "[$(cat e)]"
{ echo out; echo err >&2; } > both 2>&1; sort both
{ echo out; echo err >&2; } 2>&1 > f | tr e E; cat f
ls nosuch 2> e; echo $?; wc -l < e
cat 2> e < nosuch || echo failed; wc -l < e
cat nosuch 2>/dev/null || echo failed
exec 3> three; echo to three >&3; exec 3>&-; cat three
exec 4< three; read x <&4; echo "$x"; exec 4<&-
(echo x >&3) 2>/dev/null || echo not open
echo keep > k; echo more >| k; cat k
echo rw > rw; exec 5<> rw; read y <&5; echo "[$y]"; exec 5>&-
while read l; do echo "<$l>"; done < both
for i in 1 2; do echo $i; done > loop; cat loop
if true; then echo in if; fi > if; cat if
f() { echo in f; echo e >&2; }; f > ff 2>&1; cat ff
(echo sub) > s; cat s
echo a > x1 > x2; wc -c < x1; cat x2
> y1 echo b; cat y1
echo > "sp ace" quoted; cat "sp ace"
n=file; echo named > $n.txt; cat file.txt
echo 2>x3 two; wc -c < x3
echo 2 >x3; cat x3
echo x3>x4; cat x4
echo a 2> /dev/null b; 2>/dev/null echo c
read a b < three; echo "$b $a"
cat <x4 >x5; cat x5
echo builtin > b1; pwd > b2; wc -l < b2
exec 6>&1; exec > redirected; echo hidden; exec >&6 6>&-; echo visible; cat redirected
{ echo 1; { echo 2 >&2; } 2>&1; } | wc -l
echo x | cat > p; cat p
cat f < three | cat
nosuchcommand 2>/dev/null; echo $?
./nosuchpath 2>/dev/null; echo $?
echo x > noexec; ./noexec 2>/dev/null; echo $?
. /dev/null; echo $?
mkdir dir; (echo x > dir) 2>/dev/null || echo no; (: < nosuch; echo no) 2>/dev/null || echo no
echo x > dir/../dir/f; cat dir/f
echo hi >&1; echo hi 1>&1
{ echo lost; } 1>&- 2>/dev/null; echo "status $?"
true > t1 > t2; ls t1 t2
if ! cat < nosuch 2>/dev/null; then echo no file; fi
exec 7< f 8> eight; cat <&7 >&8; exec 7<&- 8>&-; cat eight
