# ours only
# ulimit. The stack's limit stands for all: the same everywhere, and nothing breaks by it.
(ulimit -s 8000; ulimit -s; ulimit -S -s 4000; ulimit -s; ulimit -H -s; ulimit -Hs; ulimit -Ss)
(ulimit -s 8000; (ulimit -s); sh -c 'ulimit -s'; (ulimit -s 7000; ulimit -s); ulimit -s)
(ulimit -S -s 8000; ulimit -H -s 7000; echo $?) 2>&1
(ulimit -s 7000; ulimit -a | grep stack) | tr -s ' '
ulimit -Q; echo $?
ulimit -s x; echo $?
ulimit -s 1 2; echo $?
ulimit -s 99999999999999999999; echo $?
ulimit -a 3; echo $?
