# Output that cannot be written is an error; so is input that is a directory.
exec 2>&1
full='> /dev/full'
[ -c /dev/full ] || full='>&-'
for command in 'echo x' 'cat n' 'head n' 'tail n' 'wc n' 'grep 1 n' 'seq 5' 'sort n' 'uniq n' 'cut -c 1 n' 'tr a b' 'hexdump n' 'ls' 'md5sum n' 'cksum n' 'date' 'uname' 'env' 'printf x' 'basename a' 'dirname a' 'find .' 'stat n' 'pwd' 'which sh' 'kill -l' 'tee' 'help' 'dd' 'yes' 'clear' 'readlink l' 'xargs' 'printenv HOME'; do
    seq 1 10 > n; rm -f l; ln -s n l
    eval "$command $full" < n 2>/dev/null && echo "$command: not noticed"
done
for builtin in 'pwd' 'echo x' 'printf x' 'type cd' 'umask' 'set' 'export -p'; do
    (eval "$builtin $full") 2>/dev/null && echo "builtin $builtin: not noticed"
done
eval "echo x $full" 2>/dev/null; echo $?
for command in 'head .' 'tail .' 'wc .' 'sort .' 'uniq .' 'cut -c 1 .' 'hexdump .' 'md5sum .' 'cksum .' 'cat .' 'cmp . .' 'cp . x' 'dd if=. of=o'; do
    $command > /dev/null 2>&1 && echo "$command: a directory is no file"
done
seq 1 100000 | head -n 1; echo "$(seq 1 100000 | head -n 1)"; yes | head -n 1
i=0; x=x; while [ $i -lt 16 ]; do x=$x$x; i=$((i+1)); done; echo ${#x}
echo $x | wc -c; echo $x | grep -c x; echo $x | sort | wc -c; echo $x | cut -c 65536; echo $x | tail -n 1 | wc -c; echo $x | tr x y | md5sum; echo $x | xargs | wc -c; printf %s $x | head -c 10; echo
for command in ls cat cd mkdir rm "cp n" stat touch rmdir; do $command $x > /dev/null 2>&1; echo $?; done; ($x) 2>/dev/null; echo $?; [ -e $x ]; echo $?; basename $x | wc -c; (echo > $x) 2>/dev/null || echo no
