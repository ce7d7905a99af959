# The C tests.
#
#   tests/unit/test_NAME.c    a cmocka program test_NAME, known to ctest; other .c files there help them all
#   tests/fuzz/fuzz_NAME.c    LLVMFuzzerTestOneInput. With MX_FUZZ a libFuzzer program fuzz_NAME; without, with any
#                             compiler, fuzz_NAME_corpus, which runs the files and folders it is given;
#                             support.c and canonical.c there and unit/small_graph.c help them all
#   tests/tools/dump_types.c  a program for tests/tools/type_compare.py
#   tests/tools/dump_program.c  what a .pt2 file holds, for tests/python/test_pt2_*.py
#   tests/bench/tag_time.c    a program that measures the time of tagging beside that of reading
#   tests/tools/fail_shim.c   a library to preload, which makes the n-th allocation or system call fail
#
# They link the objects of the library, and so see what it hides. MX_SOURCE_DIR is the project's folder.

function(mx_test_program name folder)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE mx_objects mx_onnx_proto)
  target_compile_definitions(${name} PRIVATE MX_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder})
  mx_warnings(${name})
endfunction()

file(GLOB unit_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*.c)
set(unit_helpers ${unit_tests})
list(FILTER unit_tests INCLUDE REGEX "/test_[^/]*$")
list(FILTER unit_helpers EXCLUDE REGEX "/test_[^/]*$")
if(MX_TESTS AND unit_tests)
  pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
  if(NOT CMOCKA_FOUND)
    message(WARNING "cmocka was not found: the unit tests are left out")
    set(unit_tests "")
  endif()
  foreach(source IN LISTS unit_tests)
    get_filename_component(name ${source} NAME_WE)
    mx_test_program(${name} unit ${source} ${unit_helpers})
    target_link_libraries(${name} PRIVATE PkgConfig::CMOCKA)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endforeach()
endif()

file(GLOB fuzz_targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzz_targets)
  get_filename_component(name ${source} NAME_WE)
  set(support ${PROJECT_SOURCE_DIR}/tests/fuzz/support.c ${PROJECT_SOURCE_DIR}/tests/fuzz/canonical.c
              ${PROJECT_SOURCE_DIR}/tests/unit/small_graph.c)
  if(MX_FUZZ)
    mx_test_program(${name} fuzz ${source} ${support})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(MX_TESTS)
    set(name ${name}_corpus)
    mx_test_program(${name} fuzz ${source} ${support} ${PROJECT_SOURCE_DIR}/tests/fuzz/standalone_main.c)
  endif()
  # libFuzzer calls the entry point by its name; there is no header that declares it.
  target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
endforeach()

if(MX_TESTS)
  add_library(fail_shim MODULE ${PROJECT_SOURCE_DIR}/tests/tools/fail_shim.c)
  target_link_libraries(fail_shim PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(fail_shim PROPERTIES PREFIX "" C_VISIBILITY_PRESET default LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/tools)
  # It stands below a sanitizer's own library, so it must not be built with one.
  target_compile_options(fail_shim PRIVATE -fno-sanitize=all)
  target_link_options(fail_shim PRIVATE -fno-sanitize=all)
  mx_warnings(fail_shim)

  mx_test_program(dump_types tools ${PROJECT_SOURCE_DIR}/tests/tools/dump_types.c)
  mx_test_program(dump_program tools ${PROJECT_SOURCE_DIR}/tests/tools/dump_program.c)
  mx_test_program(tag_time bench ${PROJECT_SOURCE_DIR}/tests/bench/tag_time.c)
endif()
