# mx_onnx_proto: the ONNX messages as protobuf-c code, onnx.pb-c.h in its include directory.
#
#   onnx-ml.proto   from the onnx package at PyPI (pip, pinned by hash), or from -DONNX_PROTO=FILE
#   onnx.proto      the same with every `string` field as `bytes` (see onnx_proto_bytes.py)
#   onnx.pb-c.{h,c} by protoc-c
#
# The download is kept in $MX_CACHE_DIR, so that several build folders share it; without that, in the build folder.

set(onnx_version 1.23.2)
set(onnx_proto_sha256 8f39d0a1ae1abef5ca648922cdb06716d6bd1573c9e972b42854c16e9e352c16)
set(ONNX_PROTO "" CACHE FILEPATH "onnx-ml.proto of onnx ${onnx_version} (empty: fetched with pip)")

find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
find_program(PROTOC_C protoc-c REQUIRED DOC "protobuf-c's compiler (Debian: protobuf-c-compiler)")

# Downloads one wheel of the onnx package into `folder`: this machine's, or, where there is none for it, that of
# another. Only a text file is taken from it, so any will do.
function(mx_download_onnx folder)
  set(any_machine --platform manylinux_2_28_x86_64 --implementation cp --python-version 312 --abi abi3)
  foreach(options IN ITEMS "" "${any_machine}")
    execute_process(
      COMMAND ${Python3_EXECUTABLE} -m pip download --quiet --disable-pip-version-check --no-deps
              --only-binary=:all: --require-hashes ${options}
              --requirement ${PROJECT_SOURCE_DIR}/cmake/onnx-requirements.txt --dest ${folder}
      RESULT_VARIABLE failed ERROR_VARIABLE message OUTPUT_VARIABLE message)
    if(NOT failed)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR
    "The ONNX definitions could not be downloaded:\n${message}\n"
    "Needed once: pip (Debian: python3-pip) and the network. "
    "Without a network give the file of onnx ${onnx_version} yourself: -DONNX_PROTO=/path/to/onnx-ml.proto")
endfunction()

# Puts onnx-ml.proto at `proto`. It appears there whole or not at all.
function(mx_fetch_onnx_proto proto)
  set(folder ${PROJECT_BINARY_DIR}/onnx-download)
  message(STATUS "Fetching onnx-ml.proto of onnx ${onnx_version} with pip")
  file(REMOVE_RECURSE ${folder})
  mx_download_onnx(${folder})
  file(GLOB package ${folder}/onnx-*)
  file(ARCHIVE_EXTRACT INPUT ${package} DESTINATION ${folder} PATTERNS onnx/onnx-ml.proto)
  get_filename_component(cache ${proto} DIRECTORY)
  string(RANDOM LENGTH 8 unique)
  file(MAKE_DIRECTORY ${cache})
  file(COPY_FILE ${folder}/onnx/onnx-ml.proto ${proto}.${unique})
  file(RENAME ${proto}.${unique} ${proto})
  file(REMOVE_RECURSE ${folder})
endfunction()

function(mx_sha256 out file)
  set(${out} "" PARENT_SCOPE)
  if(EXISTS ${file})
    file(SHA256 ${file} sum)
    set(${out} ${sum} PARENT_SCOPE)
  endif()
endfunction()

set(onnx_folder ${PROJECT_BINARY_DIR}/onnx-proto)
set(onnx_ml_proto ${onnx_folder}/onnx-ml.proto)
file(MAKE_DIRECTORY ${onnx_folder})
mx_sha256(sum ${onnx_ml_proto})
if(ONNX_PROTO)
  file(COPY_FILE ${ONNX_PROTO} ${onnx_ml_proto} ONLY_IF_DIFFERENT)
elseif(NOT sum STREQUAL onnx_proto_sha256)
  set(onnx_cache ${PROJECT_BINARY_DIR})
  if(DEFINED ENV{MX_CACHE_DIR})
    file(TO_CMAKE_PATH "$ENV{MX_CACHE_DIR}" onnx_cache)
  endif()
  set(onnx_cached_proto ${onnx_cache}/onnx-${onnx_version}/onnx-ml.proto)
  mx_sha256(sum ${onnx_cached_proto})
  if(NOT sum STREQUAL onnx_proto_sha256)
    mx_fetch_onnx_proto(${onnx_cached_proto})
  endif()
  file(COPY_FILE ${onnx_cached_proto} ${onnx_ml_proto})
endif()

mx_sha256(sum ${onnx_ml_proto})
if(NOT sum STREQUAL onnx_proto_sha256)
  message(FATAL_ERROR "This is not the onnx-ml.proto of onnx ${onnx_version}: ${ONNX_PROTO}\n"
                      "Its sha256 is '${sum}', not '${onnx_proto_sha256}'.")
endif()

add_custom_command(
  OUTPUT ${onnx_folder}/onnx.pb-c.c ${onnx_folder}/onnx.pb-c.h
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/onnx_proto_bytes.py
          ${onnx_ml_proto} ${onnx_folder}/onnx.proto
  COMMAND ${PROTOC_C} --proto_path=${onnx_folder} --c_out=${onnx_folder} onnx.proto
  DEPENDS ${onnx_ml_proto} ${PROJECT_SOURCE_DIR}/cmake/onnx_proto_bytes.py
  COMMENT "Generating onnx.pb-c.h and onnx.pb-c.c"
  VERBATIM)

add_library(mx_onnx_proto OBJECT ${onnx_folder}/onnx.pb-c.c)
target_include_directories(mx_onnx_proto SYSTEM PUBLIC ${onnx_folder})
target_link_libraries(mx_onnx_proto PRIVATE PkgConfig::MX_DEPS)
