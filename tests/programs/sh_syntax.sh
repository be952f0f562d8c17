# Syntax errors: status 2, nothing run, the shell survives in eval of a subshell.
t() { sh -c "$1" 2>/dev/null; echo "$?"; }
t 'if'; t 'if true'; t 'if true; then'; t 'fi'; t 'then'; t 'done'; t 'do :; done'
t 'while true'; t 'for'; t 'for 1 in a; do :; done'; t 'for x in a; :; done'
t 'case'; t 'case x'; t 'case x in'; t 'case x in a'; t 'case x in a) echo'; t 'esac'
t '('; t ')'; t '()'; t '{'; t '}'; t '( echo'; t '{ echo; '; t 'echo )'; t 'echo ('
t '&'; t '&&'; t '|'; t '||'; t ';'; t ';;'; t '; ;'; t 'a | '; t 'a && '; t '| a'; t '&& a'; t 'a ; ; b'
t '>'; t '<'; t 'echo >'; t 'echo > >'; t 'echo > ;'; t 'echo <<'; t 'echo >& ;'
t "echo 'unterminated"; t 'echo "unterminated'; t 'echo `unterminated'; t 'echo $(unterminated'; t 'echo ${unterminated'
t 'echo $((1'; t 'echo ${}'; t 'echo ${x!y}'; t 'echo "${x"'
t 'f('; t 'f()'; t 'f( a )'; t '1f() { :; }; echo no' | head -n 1 ; t 'f() echo no'
t 'echo before; fi'; t '{ fi; }'; t 'if then fi'; t 'while do done'
t 'echo ok # )'; t 'echo fi'; t 'echo }'; t 'echo {'; t 'echo then; echo do done'; t 'echo in'
t '! '; t 'x=1 )'; t 'case x in x) ;; ;; esac'; t 'if true; else :; fi'
t 'eval "if"; echo no'; t '(eval "if"); echo "after $?"'
t 'echo one
echo two
fi
echo three'
printf 'echo one\nfi\necho two\n' | sh 2>/dev/null; echo $?
printf '. ./bad\necho no\n' > main; printf 'if\n' > bad; sh main 2>/dev/null; echo $?
printf '\n\nfi\n' > line; sh line 2>&1 | grep -c 'line'
