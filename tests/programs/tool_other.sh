# md5sum cksum dd env printenv xargs printf date sleep uname test kill which time yes true false poweroff
exec 2>&1
printf '' | md5sum; printf abc | md5sum; seq 1 10000 > n; md5sum n n; cksum n; printf '' | cksum; printf 123456789 | cksum; md5sum nosuch; echo $?; md5sum < n
for size in 55 56 57 63 64 65 119 120 128; do seq 1 100 | head -c $size | md5sum; done
dd if=n of=c 2>/dev/null; cmp n c; dd if=n bs=10 count=2 skip=1 2>/dev/null; dd if=n bs=1 count=3; dd < n bs=7 count=1 2>/dev/null; cat n | dd bs=5 skip=2 count=1 2>/dev/null
printf abcdef > o; printf XY | dd of=o bs=1 seek=2 conv=notrunc 2>/dev/null; cat o; echo; dd if=/dev/zero bs=1k count=20 2>/dev/null | wc -c; dd if=nosuch; echo $?; dd bs=0; echo $?; dd of=no/pe < n; echo $?; printf abc | dd bs=8 conv=sync 2>/dev/null | hexdump; printf Z | dd of=o bs=1 seek=2 2>/dev/null; cat o; echo
env -i A=1 B=2 env | sort; env X=y sh -c 'echo $X'; env nosuchprogram; echo $?; A=b printenv A; printenv NOSUCH; echo $?; env -i sh -c 'echo [$A]'; env -i printenv HOME; echo $?
echo a b c | xargs; printf 'a\nb c\n' | xargs -n 1 echo x; printf '"q q" r\\ s '\''t u'\' | xargs -n 1 echo; printf 'z z\000y' | xargs -0 -n 1 echo; echo | xargs echo none; echo a | xargs nosuchprogram; echo $?; echo a | xargs false; echo $?; seq 1 5000 | xargs | wc -w; printf '"' | xargs; echo $?
printf '%s=%d\n' a 1 b 2; printf '%%|%5s|%-5s|%05.1f|%e|%c\n' a b 3.14159 1 xyz; printf 'a\tb\\n\n'; printf; echo $?; printf '%q\n' a; echo $?; printf '%b' 'x\ny\n'; printf '%b|' 'x\cy' z; echo; printf '%*d|%-*d|%.*f\n' 5 1 4 2 2 1.5; printf '%s\n' ''; printf '\60\061\n'; printf '%d %d\n' "'a" 0x10
date -u -d @0 '+%Y-%m-%d %H:%M:%S'; date -u -d @86400 +%j; date -d x; echo $?; date +%Y | wc -c; date + ; date x; echo $?
sleep 0; echo $?; sleep 0.01; echo $?; sleep; echo $?; sleep x; echo $?; sleep -1; echo $?
uname | wc -l; uname -a | wc -w | grep -c .; uname -z; echo $?; [ "$(uname -s)" = "$(uname)" ] && echo same
kill; echo $?; kill x; echo $?; kill -NOSUCH 1; echo $?; kill -l | wc -l; sh -c 'kill -9 $$' 2> /dev/null; echo $?; kill -0 $$; echo $?; sleep 100 & kill -s TERM $!; wait $!; echo $?; kill 99999999; echo $?
which sh | wc -l; which nosuch; echo $?; which sh nosuch | wc -l; (PATH=; which sh); echo $?
time true 2>&1 | cut -c 1-5; time false 2>/dev/null; echo $?; time nosuch 2>/dev/null; echo $?; yes | head -n 2; yes a b | head -n 1; true; echo $?; false; echo $?
poweroff x; echo $?; poweroff 1 2; echo $?; help | head -n 1 | cut -c 1-5; sync; echo $?; clear | hexdump | head -n 1; echo -e 'a\tb\c'; echo; test -d .; echo $?
pwd | wc -l; cd /; pwd; pwd -P
