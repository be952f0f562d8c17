# cat head tail wc grep sort uniq cut tr cmp tee seq hexdump
exec 2>&1
seq 1 20 > n; head n | wc -l; head -n 2 n; head -3 n; head -c 5 n; tail n | wc -l; tail -n 2 n; tail -2 n; tail -c 5 n; tail -n +19 n; tail -c +48 n
head -n 0 n; tail -n 0 n; tail -n 100 n | wc -l; printf 'a\nb' | tail -n 1; echo; printf 'no newline' | head -n 1; echo
head -n 1 n nosuch n; echo $?; tail -n 1 n n; head -n x n; echo $?; head -n 1 < n; cat n | tail -n 1; cat n - n < n | wc -l
cat nosuch n nosuch | tail -n 1; cat . ; echo $?; cat < n | head -n 1; printf '\000\001\377' | cat | hexdump
wc n; wc < n; wc -l n n; wc -w n; wc -c nosuch; echo $?; printf 'one two\nthree' | wc; printf '' | wc -lwc
printf 'a1\nb2\nA3\nab\n\n' > g
grep a g; grep -i a g; grep -v a g; grep -c a g; grep -n b g; grep zzz g; echo $?; grep -q a g; echo $?; grep -q zzz g; echo $?
grep '^a' g; grep 'b$' g; grep '[0-9]' g; grep '^$' g; grep -c '' g; grep 'a.' g; grep 'a*b' g; grep -E 'a1|b2' g; grep -E '^(a|b)[0-9]+$' g
grep -F '.' g; echo $?; grep -F -i AB g; grep -e a1 -e b2 g; grep -x ab g; grep -x a g; echo $?; grep -l a g n; grep -h 1 g n | head -n 2; grep -n 1 g n | head -n 2; grep -c 2 n g
grep a nosuch; echo $?; grep -s a nosuch; echo $?; grep; echo $?; grep '[' g 2> /dev/null; echo $?; cat g | grep b; grep -E 'x{2}' g; echo $?; echo xx | grep -E '^x{2}$'
mkdir -p d/e; echo deep > d/e/f; echo deeper > d/g; grep -r deep d; grep deep d; echo $?; grep -rl deeper d; printf 'bin\000ary\n' > b; grep ary b; grep -c bin b
printf 'a\nb' | grep -n b; printf 'back back\n' | grep '\(back\) \1'; grep -vc a g; grep -F '' g | wc -l; echo 'a+b' | grep 'a+b'
printf 'b\na\nC\nb\n10\n9\n' > s; sort s; sort -r s; sort -u s; sort -n s; sort -nr s | head -n 2; sort nosuch; echo $?; sort < s | uniq; sort s | uniq -c; sort s | uniq -d; sort s | uniq -u; sort s s | uniq | wc -l; printf 'x' | sort
printf 'a:b:c\nd:e\nf\n' > c; cut -d : -f 2 c; cut -d : -f 1,3 c; cut -d : -f 2- c; cut -s -d : -f 1 c; cut -c 1-3 c; cut -c 2 c; cut -c -1,3 c; cut; echo $?; cut -f 0 c; echo $?
echo hello | tr a-y b-z; echo hello | tr -d l; echo aabbcc | tr -s ab; echo HeLLo | tr '[:upper:]' '[:lower:]'; echo a.b-c | tr -c 'a-z\n' _; echo 'a b' | tr ' ' '\n'; echo abc | tr abc x; tr; echo $?
cmp n n; echo $?; cmp n g; echo $?; cmp -s n g; echo $?; cmp n nosuch; echo $?; printf ab > p1; printf abc > p2; cmp p1 p2; echo $?
echo t | tee t1 t2; cat t1 t2; echo more | tee -a t1 > /dev/null; cat t1; echo x | tee no/pe; echo $?
seq 3; seq 2 4; seq 1 3 10; seq 3 -1 1; seq 5 1; seq -s , 4; seq x; echo $?; seq 1 0 2; echo $?; seq 9223372036854775806 9223372036854775807; seq -2 0
printf 'The quick brown fox jumps\n' | hexdump; head -c 64 /dev/zero | hexdump -C; hexdump -n 4 -s 2 n; printf '' | hexdump; hexdump nosuch; echo $?
basename /a/b/c; basename a.c .c; basename /; basename a/; basename .c .c; dirname /a/b/c; dirname a; dirname /; dirname /a; dirname a/b/; dirname a//b; basename; echo $?
