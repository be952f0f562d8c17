# Paths from patterns.
mkdir d e .hid; touch a.c b.c ab.h d/x.c d/y.c e/x.c .dot .hid/x.c 'sp ace.c' 'st*r'
echo *
echo *.c
echo ?.c
echo .*c *.z
echo [ab].c [!a].c [a-b]*.c [[:alpha:]].c [[:digit:]].c
echo */x.c d/* */*.[cz] */
echo .h*/*
echo */nosuch no*such
echo "*.c" '*.c' \*.c "a"*.c a"."? st\**
echo a*b? 'sp'* *' '*
x='*.c'; echo $x "$x"
x='[a'; echo $x [a a] [] [!] []ab]* [a\]
echo ./*.c ././?.c $PWD/nope* | grep -c nope
echo d/../a.? d//x.c d//* ./d/?.c
for f in *.h d/?.c; do echo "[$f]"; done
set -f; echo *.c; set +f; echo *.h
case a.c in *.c) echo c;; esac
echo > out*; ls out*; echo "redirect" > "q?"; cat 'q?'
y=*.h; echo $y "$y"
z=$(echo *.h); echo "$z"
mkdir -p deep/er/est; touch deep/er/est/f1 deep/er/est/f2; echo */*/*/* d*/*r/e?t/f[12]
ln -s nowhere broken; echo brok*
echo [z-a]* *[*]* *[]]* ?[-.]c [.]dot .[d]ot
rm -f *.c; echo *.c
