# Quotes, backslashes, and what they protect.
show() { printf '%d:' $#; for word in "$@"; do printf '<%s>' "$word"; done; printf '\n'; }
x='a  b'
empty=
show 'single  $x `no` \n "dq"' "double  $x"
show "it's" 'say "hi"' "say \"hi\"" 'it'\''s'
show a\ b a\\b \$x \"q\" \'s\' \`t\`
show "a\b" "a\\b" "a\$x" "a\`b" "\a\z\'"
show '' "" ''"" a''b "a"'b'c $empty "$empty" $empty$empty "$empty"x
show $x "$x" $x"$x" "$x"$x 'z'$x'y'
show "a
b" 'c
d'
show a\
b "c\
d" 'e\
f'
echo one; echo two \
three
show \# '#' a#b "#" # comment # still
show #nothing
show "$" $ a$ "a$" $% "$ x" '$'x
show "${x}y" "${x}"y ${x}'y'
show "`echo "in  side"`" `echo "in  side"`
show "$(echo "in  side" 'x  y')" $(echo "in  side")
show "$(echo "\"q\"" '\' "$(echo ')' "(")")"
show `echo \`echo nested\`` `echo '\$x' \\\\`
show "`echo \"quoted\"`" "`echo '\"'`"
show {a,b} { } [x] ! a=b = -- ~x "~" '~' \~
HOME=/home/me
show ~ ~/x "~/x" a~ a/~ ~'' x=~
y=~/file; show $y "$y"
z="~/file"; show $z
show *nothing* "*" '*' \* [ ] "[a]"
show '\'
show "\\"
show \\
show "'" '"' "'"'"'"'"
show a"b"'c'\d$empty"e"
show "}" } "{" "${x:-}}" "${empty:-}}"
show "${empty:-'single'}" ${empty:-'single  q'} "${empty:-"double  q"}" ${empty:-"double  q"}
show ${empty:-a  b} "${empty:-a  b}" ${empty:-a\ b} "${empty:-a\}b}" ${empty:-a\}b}
show ${empty:-$x} "${empty:-$x}" ${empty:-"$x"} ${x:+"$x  $x"} ${x:+$x}
show "${empty:-${empty:-${x}}}" ${empty:-"${empty:-"$x"}"}
show a;show b;show c
show 'a''b'  "a""b"   a""b ""a b""
if show 'then' then;then show fi 'fi';fi
for i in 'x y' "z w" u\ v; do show $i "$i"; done
echo 'tab	in' "tab	in"
printf '%s\n' 'end'"of"\
' line'
p=~:~/x:a~:"~":~b:~; echo "$p"; show ~:~ x:~
b='\*'; case '*' in $b) echo escaped star;; esac; case a in $b) echo no;; esac; case '\*' in "$b") echo quoted;; esac
b='a\?'; echo $b; c='a?b'; show "${c#$b}" "${c#"$b"}" "${c#a\?}"
