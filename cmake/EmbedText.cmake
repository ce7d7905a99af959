# cmake -DNAME=mx_page_script -DOUTPUT=page.c -DFILES="a.js;b.js" -P EmbedText.cmake
# Writes the files, one after the other, as the C array NAME with the length NAME_size.
set(hex "")
foreach(file IN LISTS FILES)
  file(READ ${file} content HEX)
  string(APPEND hex "${content}")
endforeach()
string(LENGTH "${hex}" size)
math(EXPR size "${size} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"picture/page.h\"\n\nconst char ${NAME}[] = {\n${bytes}\n};\nconst size_t ${NAME}_size = ${size};\n")
