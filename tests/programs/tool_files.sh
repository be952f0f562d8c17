# cp mv rm mkdir rmdir ln touch chmod stat readlink ls find
exec 2>&1
mkdir a; mkdir a/b a/c; ls a; mkdir a; echo $?; mkdir -p x/y/z/ a; echo $?; ls x/y; mkdir no/pe; echo $?
echo data > f; cp f g; cat g; cp f a; cat a/f; cp f g a/b; ls a/b; cp nosuch h; echo $?; cp a h; echo $?; cp f f; echo $?
cp -r a copy; find copy; cp -r a copy; find copy -type f; echo $?
cp -r a a/self; echo $?; rm -r a/self
cp f g nodir; echo $?; cp f; echo $?
echo new > n; cp n g; cat g; printf 'a\000b' > bin; cp bin bin2; cmp bin bin2; echo $?
mv f m; ls f; cat m; mv m a; cat a/m; mv nosuch b; echo $?; mv a/m a/f g a/c; ls a/c; mv a moved; ls moved; ls a; echo $?
mkdir d1 d2; mv d1 d2; ls d2; mv d2 d2/d1; echo $?
rm g; echo $?; rm -f g; echo $?; rm d2; echo $?; rm -r d2; ls d2; rm -rf nosuch; echo $?; rm; echo $?; rm -f; echo $?
rm . ; echo $?; rm -rf ..; echo $?; rm -rf /; echo $?
rmdir moved; echo $?; mkdir e; rmdir e; echo $?; rmdir e; echo $?; rmdir; echo $?
echo t > t; ln t hard; ln -s t soft; cat hard soft; readlink soft; readlink t; echo $?; ln t hard; echo $?; ln -sf n soft; readlink soft; cat soft
stat -c '%n %s %h %F' t hard soft; stat -L -c '%n %F' soft; stat nosuch; echo $?
ln -s nowhere broken; cat broken; echo $?; rm broken; ls broken; echo $?; ln -s . loop; cp -r loop l2; readlink l2; rm -r loop l2; ls n
touch new1 new2; ls new1 new2; wc -c new1; touch -c nosuch; ls nosuch; echo x > old; touch old; cat old; touch no/pe; echo $?
chmod 640 t; stat -c %a%A t; chmod u+x,go-r t; stat -c %a t; chmod a=r t; stat -c %a t; umask 022; chmod +w t; stat -c %a t; chmod 9 t; echo $?; chmod 600 nosuch; echo $?; chmod u+z t; echo $?
rm -rf x copy moved; ls
mkdir l; cd l; touch b a .h; mkdir d; echo 12345 > d/f; ln -s d s
ls; ls -a; ls d s; ls -R; ls -d d .; ls -F; ls -1 a b; ls nosuch a; echo $?; ls -Z; echo $?
ls -l d/f | cut -c 1-10; ls -l s | grep -c -- '-> d'; ls -ld . | cut -c 1; ls -l nosuch; echo $?
ls -i a | cut -d ' ' -f 2; ls ''; echo $?; ls -- -x; echo $?
find . ; find . -name 'f*'; find . -type d; find nosuch; echo $?; find d -type f -name f -size 1; find a b
cd ..; rm -rf l; ls -a l; echo $?
