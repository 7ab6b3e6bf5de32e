# One target per folder, its name is the folder's path: kit/http → kit_http, services/charging/domain → charging_domain.
# `x_test.cpp` beside the code goes to <target>_test (pure, no server); `x_component_test.cpp` to <target>_component_test
# (needs the servers that tools/testenv starts, and makes databases, prefixes and topics of its own there).

set(EVC_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
    -Wno-missing-field-initializers -Wno-missing-designated-field-initializers)

function(evc_add_subdirectory_if_present path)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${path}/CMakeLists.txt)
    add_subdirectory(${path})
  endif()
endfunction()

# evc_configure(<target> [_test])
function(evc_configure target)
  target_compile_options(${target} PRIVATE ${EVC_WARNINGS})
  evc_use_prefix(${target} ${ARGN})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
endfunction()

# Aggregates for ./evcosta: what `up` needs, and what the test lanes run.
add_custom_target(programs)
add_custom_target(tests)
add_custom_target(unit_tests)
add_custom_target(crashing)
add_custom_target(fuzzers)

# evc_tests(<target> [DEPS <test-only targets>…]): test binaries from the *_test.cpp files of the current folder.
function(evc_tests target)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB unit CONFIGURE_DEPENDS *_test.cpp)
  file(GLOB component CONFIGURE_DEPENDS *_component_test.cpp)
  if(component)
    list(REMOVE_ITEM unit ${component})
  endif()
  foreach(kind unit component)
    if(NOT ${kind})
      continue()
    endif()
    set(suffix _test)
    if("${kind}" STREQUAL "component")
      set(suffix _component_test)
    endif()
    add_executable(${target}${suffix} ${${kind}})
    evc_configure(${target}${suffix} _test)
    target_compile_options(${target}${suffix} PRIVATE ${EVC_TEST_OPTIONS})
    target_link_libraries(${target}${suffix} PRIVATE ${target} ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
    add_dependencies(tests ${target}${suffix})
    if("${kind}" STREQUAL "unit")
      add_dependencies(unit_tests ${target}${suffix})
    endif()
    add_test(NAME ${target}${suffix} COMMAND ${target}${suffix} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${target}${suffix} PROPERTIES LABELS ${kind} TIMEOUT 600)
  endforeach()
endfunction()

# evc_fuzzers(<target> [DEPS …]): each x_fuzz.cpp of the current folder (it defines LLVMFuzzerTestOneInput) becomes the program
# <target>_x_fuzz, in the asan preset only. A folder fuzz_corpus/x beside it holds its seeds, a file x_fuzz.dict its dictionary.
function(evc_fuzzers target)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  if(NOT EVC_FUZZ)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *_fuzz.cpp)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${target}_${name} ${source})
    evc_configure(${target}_${name})
    target_link_libraries(${target}_${name} PRIVATE ${target} ${ARG_DEPS})
    target_link_options(${target}_${name} PRIVATE -fsanitize=fuzzer)
    string(REGEX REPLACE "_fuzz$" "" seeds ${name})
    set_target_properties(${target}_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz/${target}_${name})
    file(WRITE ${CMAKE_BINARY_DIR}/fuzz/${target}_${name}/inputs.txt
      "${CMAKE_CURRENT_SOURCE_DIR}/fuzz_corpus/${seeds}\n${CMAKE_CURRENT_SOURCE_DIR}/${name}.dict\n")
    add_dependencies(fuzzers ${target}_${name})
  endforeach()
endfunction()

# evc_library(<target> [DEPS <public targets>…] [PRIVATE_DEPS …] [TEST_DEPS …]): every .cpp of the current folder.
function(evc_library target)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS;TEST_DEPS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$|/(app|main)\\.cpp$")
  foreach(name ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "/${name}$")
  endforeach()
  if(sources)
    add_library(${target} STATIC ${sources})
    evc_configure(${target})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${target} INTERFACE ${ARG_DEPS})
  endif()
  evc_tests(${target} DEPS ${ARG_TEST_DEPS})
  evc_fuzzers(${target} DEPS ${ARG_TEST_DEPS})
endfunction()

# evc_program(<name> <source>… DEPS <targets>…): a shipped executable, placed in build/<preset>/bin. The linker leaves out what nothing
# refers to, the names of the crash points above all.
function(evc_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  evc_configure(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_link_options(${name} PRIVATE -Wl,--gc-sections)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  add_dependencies(programs ${name})
endfunction()

# evc_crashing(<program>): <program>-crashing, the same objects linked once more with live crash points
# (kit/testing/crash_points), for the tests that kill it at each of its steps. In build/<preset>/crashing.
function(evc_crashing program)
  add_executable(${program}-crashing $<TARGET_OBJECTS:${program}> $<TARGET_OBJECTS:kit_testing_crash_points>)
  target_link_libraries(${program}-crashing PRIVATE kit_testing_crash_table $<TARGET_PROPERTY:${program},LINK_LIBRARIES>)
  set_target_properties(${program}-crashing PROPERTIES LINKER_LANGUAGE CXX RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/crashing)
  add_dependencies(crashing ${program}-crashing)
endfunction()
