# Here-documents.
x=value
cat <<END
plain $x ${x} $(echo sub) `echo back` $((1+1))
  indented "quotes" 'single' \$x \\ \` \a
line \
continued
END
cat <<'END'
raw $x $(echo no) `no` \$ \\ "q"
END
cat <<"END"
also raw $x
END
cat <<\END
raw too $x
END
cat <<-END
	tabs gone $x
		all of them
	END
cat <<-'END'
	raw tabs $x
	END
cat <<A; cat <<B
first
A
second
B
cat <<A <<B
dropped
A
kept
B
cat <<END | tr a-z A-Z
piped
END
while read l; do echo "<$l>"; done <<END
one
two
END
f() { cat <<END
in function $1
END
}
f a; f b
if true; then cat <<END
in if
END
fi
y=$(cat <<END
in substitution
END
); echo "$y"
cat <<END
$(cat <<INNER
nested $x
INNER
)
END
cat <<E1 && echo after
text
E1
cat <<END
END
echo "empty $?"
cat <<END
$x
'$x'
"$x"
${x:-default} ${nope:-default} "${nope:-a "b" c}"
END
cat <<'EOF with space'
odd delimiter
EOF with space
cat << EOF
space before
EOF
cat 0<<EOF
fd 0
EOF
cat <<EOF 2>/dev/null
and more
EOF
read a b <<EOF
1 2 3
EOF
echo "$b-$a"
for i in 1 2; do cat <<EOF
loop $i
EOF
done
(cat) <<EOF
subshell
EOF
i=0; while [ $i -lt 400 ]; do i=$((i+1)); l="$l line-$i-of-a-long-text"; done
cat <<EOF | wc -c
$l
EOF
cat <<EOF | wc -l
$(seq 1 3000)
EOF
cat <<EOF
a\
b\\
c\$d
EOF
{ cat; echo --; cat <&3; } <<A 3<<B
zero
A
three
B
cat <<END
last, without a newline at the end of the script
END
