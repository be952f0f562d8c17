# A script on standard input shares it with the commands.
cat > script <<'EOF'
read x
this line is read
echo "x=$x"
head -n 1 > /dev/null < script
cat
the rest
goes to cat
EOF
sh < script
printf 'echo one\nread v\nvalue\necho "$v"\n' | sh
printf 'echo no newline at end' | sh
printf 'exit 3\necho no\n' | sh; echo $?
printf 'false' | sh; echo $?
printf '' | sh; echo $?
printf '# only a comment' | sh; echo $?
printf 'echo a\\\nb\n' | sh
echo 'echo "$0 $# $*"' > args; sh args 1 2 3; sh -c 'echo "$0 $# $*"' name 1 2; echo 'echo "$# $*"' | sh -s 1 2
sh nosuchfile 2>/dev/null; echo $?
echo 'echo from file; exit 6' > six; sh six; echo $?
chmod +x six; ./six; echo $?
printf '#!/nosuch/interpreter\n' > bad; chmod +x bad; ./bad 2>/dev/null; echo $?
mkdir adir; ./adir 2>/dev/null; echo $?; sh adir 2>/dev/null; [ $? -ne 0 ] && echo dir
printf 'echo crlf-free\n\n\n\n  \n\t\necho end\n' | sh
printf 'if true\nthen\necho multi\nfi\n' | sh
sh -c 'echo a
echo b'
sh -c ''; echo $?
sh -c 'echo $1' x y
echo 'echo $-' | sh -e | grep -c e
sh -c 'sh -c "sh -c \"echo nested\""'
