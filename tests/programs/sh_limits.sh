# ours only
# Nesting without end is an error, not a crash; long things are no problem.
exec 2>&1
f() { f; }; (f; echo no); echo $?
(f() { g; }; g() { { f; } || echo no; }; f); echo $?
f() { eval f; }; (f); echo $?
repeat() { i=0; out=; while [ $i -lt $2 ]; do out=$out$1; i=$((i+1)); done; }
repeat '(' 300; sh -c "$out"; echo $?
repeat '{ ' 300; sh -c "$out"; echo $?
repeat '$(' 300; sh -c "echo $out"; echo $?
repeat '${x:-' 300; sh -c "echo $out"; echo $?
repeat '"${x:-' 300; sh -c "echo $out"; echo $?
repeat '$((' 300; sh -c "echo $out"; echo $?
repeat 'if ' 300; sh -c "$out"; echo $?
repeat '! ' 300; sh -c "$out true"; echo $?
repeat '(' 300; (echo $(($out))); echo $?
repeat '-' 300; (echo $(($out 1))); echo $?
repeat '1?' 300; (echo $(($out))); echo $?
repeat '1+' 3000; (echo $((${out}1)))
repeat '(' 20; open=$out; repeat ')' 20; echo $((${open}7$out))
repeat '( ' 90; open=$out; repeat ' )' 90; sh -c "$open echo deep $out"; echo $?
repeat 'true && ' 2000; sh -c "$out echo and"
repeat 'true; ' 2000; sh -c "$out echo list"
repeat 'echo x | ' 20; sh -c "$out cat"
repeat 'x' 2000; echo ${#out}; eval "v$out=long; echo \$v$out"; sh -c "echo '$out'" | wc -c; [ "$out" = "${out}" ] && echo same
case $out in *x*x*x*x*x*x*x*y) echo no;; x*x) echo match;; esac
repeat 'a b ' 3000; set -- $out; echo $#; for x; do :; done; shift 5999; echo $1 $#
set -- $(seq 1 2000); echo ${2000} $#
[ ! ! ! ! x ]; echo $?
repeat '! ' 300; [ $out x ]; echo $?
repeat '( ' 300; test $out x; echo $?
kill -9 99999999999999; echo $?; wait 99999999999999; echo $?; (exit 99999999999999999999); echo $?; (shift 99999999999999999999; echo no); echo $?
