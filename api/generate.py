#!/usr/bin/env python3
"""Makes from api/ops.txt and the C headers what nobody needs to write: the C++ functions and methods, the description of
the C API for authors of bindings, and the list of ops with PyTorch's schemas. Checks that each declaration agrees with its
line, that each op function of the headers has one, and that the recorded comparison with PyTorch is of the same lines.

  generate.py           writes the files that have changed
  generate.py --check   writes nothing; the status is 1 where a file is not what it would write
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include/tinytorch"

# The headers whose functions are ops: of each the functions that are not, by the beginning of their names or their end.
OP_HEADERS = {
    "tensor": r"tt_(tensor|scope)_",
    "random": r"tt_generator_",
    "pointwise": r"$",
    "functional": r".*_options_init$",
    "reduce": r"$",
    "view": r"$",
    "index": r"$",
    "linalg": r"$",
}


class Wrong(Exception):
    """What is wrong with ops.txt or a header, for whoever has edited it."""


# ---- the C headers ---------------------------------------------------------------------------------------------------


def clean(comment):
    """The text of C comments, one line."""
    lines = [line.strip().lstrip("*").strip() for line in re.sub(r"/\*|\*/", "", comment).splitlines()]
    return " ".join(line for line in lines if line)


def split_parameters(text):
    """'const int64_t* a, size_t n' as [('const int64_t*', 'a'), ('size_t', 'n')]."""
    out, depth, start = [], 0, 0
    for at, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            part = text[start:at].strip()
            start = at + 1
            if part in ("", "void"):
                continue
            pointer = re.match(r"(.*\(\*)(\w+)(\).*)$", part)
            if pointer:
                out.append((pointer[1] + pointer[3], pointer[2]))
            else:
                kind, name = re.match(r"(.*?)(\w+)$", part).groups()
                out.append((kind.strip(), name))
    return out


def struct_members(body):
    """A struct's members as (declaration, comment on the lines before it, comment on its line)."""
    comments = re.findall(r"/\*.*?\*/", body, re.S)
    body = re.sub(r"/\*.*?\*/", "@", body, flags=re.S)
    out, next_comment, before = [], iter(comments), ""
    for part in re.findall(r"@|[^@;]+;(?:[^\S\n]*@)?", body):
        if part == "@":
            before = next(next_comment)
            continue
        after = next(next_comment) if part.endswith("@") else ""
        out.append((re.sub(r"\s+", " ", part.rstrip("@").strip().rstrip(";")), before, after))
        before = ""
    return out


def parse_header(path):
    """The functions, enums, structs and callbacks that a header declares, as dicts, in order."""
    text = path.read_text()
    comment = r"(?P<comment>/\*(?:(?!\*/).)*\*/\s*)?"
    api = {"functions": [], "enums": [], "structs": [], "callbacks": []}
    for match in re.finditer(comment + r"TT_API\s+(?P<type>[^()]*?)(?P<name>\w+)\((?P<args>[^;]*)\);", text, re.S):
        api["functions"].append({
            "name": match["name"], "header": path.name, "returns": match["type"].strip(),
            "arguments": [{"name": name, "type": kind} for kind, name in
                          split_parameters(re.sub(r"\s+", " ", match["args"]))],
            "comment": clean(match["comment"] or "")})
    for match in re.finditer(comment + r"typedef int32_t (?P<name>\w+);\s*enum \{(?P<body>.*?)\};", text, re.S):
        body = re.sub(r"/\*.*?\*/", "", match["body"], flags=re.S)
        values = {name: int(value) for name, value in re.findall(r"(\w+)\s*=\s*(-?\d+)", body)}
        api["enums"].append({"name": match["name"], "header": path.name, "values": values,
                             "comment": clean(match["comment"] or "")})
    for match in re.finditer(comment + r"typedef struct (?P<name>\w+) \{(?P<body>.*?)\n\} \w+;", text, re.S):
        members = []
        for declared, before, after in struct_members(match["body"]):
            length = re.search(r"\[(\w+)\]$", declared)
            # `int32_t major, minor` is two members.
            names = re.sub(r"\[\w+\]$", "", declared)
            further = [] if "(" in names else re.findall(r", (\w+)", names)
            [(kind, name)] = split_parameters(names if "(" in names else names.split(",")[0])
            for name in [name] + further:
                member = {"name": name, "type": kind, "comment": clean(after or before)}
                if length:
                    member["length"] = int(length[1]) if length[1].isdigit() else length[1]
                members.append(member)
        api["structs"].append({"name": match["name"], "header": path.name, "members": members,
                               "comment": clean(match["comment"] or "")})
    for match in re.finditer(comment + r"typedef (?P<type>[\w \*]+?) ?\(\*(?P<name>\w+)\)\((?P<args>[^;]*)\);", text, re.S):
        api["callbacks"].append({
            "name": match["name"], "header": path.name, "returns": match["type"].strip(),
            "arguments": [{"name": name, "type": kind} for kind, name in
                          split_parameters(re.sub(r"\s+", " ", match["args"]))],
            "comment": clean(match["comment"] or "")})
    return api


def read_headers():
    whole = {"functions": [], "enums": [], "structs": [], "callbacks": []}
    for path in sorted(INCLUDE.glob("*.h")):
        for kind, found in parse_header(path).items():
            whole[kind] += found
    return whole


# ---- ops.txt ---------------------------------------------------------------------------------------------------------


class Argument:
    """An argument of a schema: `int[2] stride=1`."""

    def __init__(self, text, keyword_only):
        match = re.match(r"([\w\[\]?]+(?:\(\w!\)\??)?) (\w+)(?:=(.*))?$", text)
        if not match:
            raise Wrong(f"'{text}' is no argument")
        self.type, self.name, self.default = match.groups()
        self.keyword_only = keyword_only
        self.base = re.sub(r"\(\w!\)|\?|\[\d*\]", "", self.type)
        self.written = "!" in self.type
        self.optional = self.type.endswith("?")
        length = re.search(r"\[(\d*)\]", self.type)
        self.is_list = length is not None
        self.length = int(length[1]) if length and length[1] else None


class Op:
    """A line of ops.txt."""

    WORDS = {"c", "manual", "variants", "given", "names", "autocast", "aten", "differs"}

    def __init__(self, line):
        self.schema, _, keys = line.partition(" | ")
        match = re.match(r"(\w+)\((.*)\) -> (.*)$", self.schema)
        if not match:
            raise Wrong("it is not 'name(arguments) -> results | keys'")
        self.name, arguments, self.returns = match.groups()
        self.arguments, keyword_only = [], False
        for text in (part.strip() for part in arguments.split(", ") if part.strip()):
            if text == "*":
                keyword_only = True
            else:
                self.arguments.append(Argument(text, keyword_only))
        self.keys = {}
        for key, quoted, value in re.findall(r'(\w+)(?:="([^"]*)"|=(\S+))?', keys):
            if key not in self.WORDS:
                raise Wrong(f"'{key}' is no key")
            self.keys[key] = quoted or value
        self.c = self.keys.get("c", "tt_" + self.name)
        self.manual = "manual" in self.keys
        self.given = dict(pair.split(":") for pair in self.keys.get("given", "").split(",") if pair)
        self.names = dict(pair.split(":") for pair in self.keys.get("names", "").split(",") if pair)
        self.in_place = bool(self.arguments) and self.arguments[0].type == "Tensor(a!)"
        of_tensor = bool(self.arguments) and self.arguments[0].name == "input" and self.arguments[0].base == "Tensor"
        variants = self.keys.get("variants", "both")
        if variants not in ("both", "function", "method"):
            raise Wrong(f"variants={variants} is neither function nor method")
        self.is_method = of_tensor and variants != "function"
        self.is_function = not of_tensor or variants != "method"
        if self.keys.get("autocast", "lower") not in ("lower", "float32", "promote"):
            raise Wrong(f"autocast={self.keys['autocast']} is none of lower, float32 and promote")


def read_ops():
    """The lines, and the titles between them."""
    out, title = [], ""
    for number, line in enumerate((ROOT / "api/ops.txt").read_text().splitlines(), 1):
        try:
            if line.startswith("#"):
                title = line.strip("# ")
            elif line:
                out.append(Op(line))
                out[-1].title = title
        except Wrong as error:
            raise Wrong(f"api/ops.txt:{number}: {error}") from None
    return out


# ---- an op beside its C function -------------------------------------------------------------------------------------


class Parameter:
    """One or more C parameters that are one argument: a pointer and its count, a device's type and index."""

    def __init__(self, kind, name, ctype):
        self.kind, self.name, self.ctype = kind, name, ctype
        self.argument = None  # of the op, or None: given, or options


# Kinds of single C parameters, by type; what the type names is added to an enum's and a struct's.
KINDS = {
    "const tt_tensor*": "tensor", "tt_tensor*": "written", "double": "float", "const double*": "float?",
    "int64_t": "int", "uint64_t": "int", "const int64_t*": "int*", "int32_t": "bool", "tt_dtype": "dtype",
    "tt_generator*": "generator", "const char*": "str", "tt_tensor**": "out Tensor", "int32_t*": "out bool",
    "tt_dtype*": "out ScalarType", "int64_t*": "out int", "uint64_t*": "out int", "double*": "out float",
}
# What an argument of a base type may be in C.
FITS = {
    "Tensor": {"tensor", "written", "tensors"}, "int": {"int", "int*", "ints"}, "float": {"float", "float?"},
    "Scalar": {"float", "float?"}, "bool": {"bool"}, "ScalarType": {"dtype"}, "Generator": {"generator"},
    "str": {"str"}, "Device": {"device"},
}


def parameters_of(function, enums):
    """A C function's inputs, and the kinds of its outputs."""
    inputs, outputs = [], []
    rest = [(each["type"], each["name"]) for each in function["arguments"]]
    while rest:
        kind, name = rest.pop(0)
        following = rest[0][0] if rest else ""
        if kind in ("const int64_t*", "tt_tensor* const*") and following == "size_t":
            rest.pop(0)
            inputs.append(Parameter("ints" if kind == "const int64_t*" else "tensors", name, kind))
        elif kind == "tt_tensor**" and following == "size_t":
            del rest[:2]
            outputs.append("Tensor[]")
        elif kind == "tt_device_type" and following == "int32_t":
            rest.pop(0)
            inputs.append(Parameter("device", "device", kind))
        elif re.match(r"const tt_\w+_options\*", kind):
            inputs.append(Parameter("options", name, kind[len("const "):-1]))
        elif kind in enums and kind != "tt_dtype":
            inputs.append(Parameter("enum", name, kind))
        elif kind not in KINDS:
            raise Wrong(f"no rule for its parameter '{kind} {name}': mark its line manual")
        elif KINDS[kind].startswith("out "):
            outputs.append(KINDS[kind][4:])
        else:
            inputs.append(Parameter(KINDS[kind], name, kind))
    return inputs, outputs


def fits(argument, parameter):
    if parameter.kind == "enum":
        return "tt_" + argument.base == parameter.ctype
    if parameter.kind not in FITS.get(argument.base, ()):
        return False
    if parameter.kind == "int*":
        return argument.optional or argument.length is not None
    if parameter.kind == "written":
        return argument.written
    if parameter.kind in ("ints", "tensors"):
        return argument.is_list and argument.length is None
    optional_kinds = ("float?",) if argument.base in ("float", "Scalar") else ()
    if argument.optional and argument.base in ("int", "float", "Scalar") and parameter.kind not in optional_kinds:
        return False
    return not argument.is_list and not (parameter.kind == "tensor" and argument.written)


def pair(op, function, structs, enums):
    """Pairs a line's arguments with the C parameters, by name, and what is left over in order; the others are members of
    the options."""
    op.inputs, outputs = parameters_of(function, enums)
    arguments = {argument.name: argument for argument in op.arguments}
    options = next((each for each in op.inputs if each.kind == "options"), None)
    op.options = options
    op.members = {}
    if options:
        members = {member["name"]: member for member in structs[options.ctype]["members"]}
        for name in [name for name in arguments if name in members and name not in {p.name for p in op.inputs}]:
            op.members[name] = members[name]
            del arguments[name]
    for parameter in op.inputs:
        if parameter.kind != "options" and parameter.name not in op.given:
            parameter.argument = arguments.pop(op.names.get(parameter.name, parameter.name), None)
    for parameter in op.inputs:
        if parameter.kind == "options" or parameter.argument or parameter.name in op.given:
            continue
        name = next((name for name, argument in arguments.items() if fits(argument, parameter)), None)
        if name is None:
            raise Wrong(f"the C parameter '{parameter.ctype} {parameter.name}' has no argument")
        parameter.argument = arguments.pop(name)
    if arguments:
        raise Wrong(f"the C function has no parameter for {', '.join(arguments)}")
    for parameter in op.inputs:
        if parameter.argument and not fits(parameter.argument, parameter):
            raise Wrong(f"'{parameter.argument.type} {parameter.argument.name}' is '{parameter.ctype}' in C")
    if outputs and outputs == ["Tensor"] * len(outputs):
        returns = "Tensor" if len(outputs) == 1 else "(" + ", ".join(outputs) + ")"
    else:
        returns = outputs[0] if outputs else "Tensor(a!)" if op.in_place else "()"
    if returns != op.returns:
        raise Wrong(f"it returns {op.returns}, the C function {returns}")


def check(api, ops):
    """Every op function has its line, every line its function, and the two agree."""
    functions = {function["name"]: function for function in api["functions"]}
    structs = {struct["name"]: struct for struct in api["structs"]}
    enums = {enum["name"]: enum for enum in api["enums"]}
    problems = []
    lines = {op.c for op in ops}
    for function in api["functions"]:
        header = function["header"][:-2]
        if header in OP_HEADERS and not re.match(OP_HEADERS[header], function["name"]):
            if function["returns"] == "tt_status" and function["name"] not in lines:
                problems.append(f"api/ops.txt: {function['name']} ({function['header']}) has no line")
    for op in ops:
        if op.c not in functions:
            problems.append(f"api/ops.txt: {op.schema}: no header declares {op.c}")
        elif not op.manual:
            try:
                pair(op, functions[op.c], structs, enums)
            except Wrong as error:
                problems.append(f"api/ops.txt: {op.schema}: {error}")
    recorded = ROOT / "api/schemas.txt"
    if recorded.exists():
        compared = set(re.findall(r"^ours: (.*)$", recorded.read_text(), re.M))
        for schema in sorted({op.schema for op in ops} ^ compared):
            problems.append(f"api/schemas.txt: not of today's lines: {schema} (run api/compare_schemas.py)")
    if problems:
        raise Wrong("\n".join(problems))


# ---- C++ -------------------------------------------------------------------------------------------------------------

MARK = "Generated by api/generate.py from api/ops.txt and the C headers: not edited by hand."

# Structs of options that C++ has a class for.
OPTION_CLASSES = {"tt_loss_options": "LossOptions"}


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def enumerators(enum):
    """An enum's values by what is not common to their names, in lower case: 'mean' for TT_REDUCTION_MEAN."""
    names = list(enum["values"])
    common = 0
    parts = [name.split("_") for name in names]
    while all(len(part) > common + 1 and part[common] == parts[0][common] for part in parts):
        common += 1
    return {"_".join(part[common:]).lower(): name for part, name in zip(parts, names)}


class Cpp:
    """Writes an op as C++. `tensor` is what the class is called there."""

    def __init__(self, enums, tensor):
        self.enums, self.tensor = enums, tensor

    def type(self, argument):
        simple = {"int": "int64_t", "float": "double", "Scalar": "double", "bool": "bool"}
        if argument.base == "Tensor":
            return f"const std::vector<{self.tensor}>&" if argument.is_list else f"const {self.tensor}&"
        if argument.base == "int" and argument.is_list:
            return "const IntList&"
        if argument.base in simple:
            kind = simple[argument.base]
            return f"std::optional<{kind}>" if argument.optional else kind
        return {"ScalarType": "DType", "Generator": "const Generator&", "str": "const std::string&",
                "Device": "const Device&"}.get(argument.base) or camel(argument.base)

    def default(self, argument):
        value = argument.default
        if value is None:
            return ""
        if value == "None":
            value = {"ScalarType": "DType::default_dtype"}.get(argument.base)
            if value is None:
                value = "std::nullopt" if self.type(argument).startswith("std::optional") else "{}"
        elif value == "[]":
            value = "{}"
        elif value in ("True", "False"):
            value = value.lower()
        elif "tt_" + argument.base in self.enums and argument.base != "dtype":
            if value not in enumerators(self.enums["tt_" + argument.base]):
                raise Wrong(f"{value} is no value of tt_{argument.base}")
            value = f"{camel(argument.base)}::{value}"
        return " = " + value

    def result(self, op):
        kinds = {"Tensor": self.tensor, "Tensor(a!)": self.tensor + "&", "Tensor[]": f"std::vector<{self.tensor}>",
                 "bool": "bool", "int": "int64_t", "ScalarType": "DType"}
        if op.returns in kinds:
            return kinds[op.returns]
        count = op.returns.count("Tensor")
        return f"std::{'pair' if count == 2 else 'tuple'}<{', '.join([self.tensor] * count)}>"

    def body(self, op, arguments, first, options_given):
        """The statements that call the C function. `first`: the expression for input."""
        lines, passed = [], []
        for parameter in op.inputs:
            argument = parameter.argument
            if parameter.kind == "options":
                if not options_given:
                    lines.append(f"{parameter.ctype} options = {parameter.ctype.upper()}_INIT;")
                    lines += self.fill_options(op)
                by_value = options_given and parameter.ctype not in OPTION_CLASSES
                passed.append("options.get()" if by_value else "&options")
            elif argument is None:
                passed.append(op.given[parameter.name])
            elif argument.name == "input" and first:
                passed.append(first)
            elif argument.name not in arguments:
                passed.append("nullptr")
            elif parameter.kind in ("tensor", "written", "generator"):
                passed.append(argument.name + ".get()")
            elif parameter.kind == "tensors":
                lines.append(f"const auto {argument.name}_handles = detail::handles({argument.name});")
                passed += [argument.name + "_handles.data()", argument.name + "_handles.size()"]
            elif parameter.kind == "ints":
                passed += [argument.name + ".data()", argument.name + ".size()"]
            elif parameter.kind == "int*" and argument.length:
                lines.append(f"const auto {argument.name}_values = detail::spread<{argument.length}>"
                             f'({argument.name}, "{op.c}: {argument.name}");')
                passed.append(argument.name + "_values.data()")
            elif parameter.kind in ("int*", "float?"):
                passed.append(f"detail::address({argument.name})")
            elif parameter.kind == "device":
                passed += [argument.name + ".type", argument.name + ".index"]
            elif parameter.kind == "str":
                passed.append(argument.name + ".c_str()")
            elif parameter.kind in ("enum", "dtype"):
                passed.append(f"static_cast<{parameter.ctype}>({argument.name})")
            else:
                passed.append(argument.name)
        return self.call(op, lines, passed)

    def fill_options(self, op):
        lines = []
        for argument in op.arguments:
            member = op.members.get(argument.name)
            if member is None:
                continue
            name = argument.name
            if "length" in member:
                lines.append(f'detail::assign<{argument.length}>(options.{name}, {name}, "{op.c}: {name}");')
            elif argument.optional:
                lines.append(f"if ({name}) options.{name} = *{name};")
            elif "tt_" + argument.base in self.enums:
                lines.append(f"options.{name} = static_cast<{member['type']}>({name});")
            else:
                lines.append(f"options.{name} = {name};")
        return lines

    def call(self, op, lines, passed):
        """The call, and how its results are returned."""
        if op.returns == "Tensor(a!)":
            return lines + [f"check({op.c}({', '.join(passed)}));", "return self();" if "self().get()" in passed else
                            "return input;"]
        if op.returns == "Tensor[]":
            inner = f"{op.c}({', '.join(passed + ['outs', 'capacity', 'count'])})"
            return lines + [f"return detail::list<{self.tensor}>([&](tt_tensor** outs, size_t capacity, size_t* count) {{",
                            f"  return {inner};", "});"]
        count = op.returns.count("Tensor")
        if count:
            names = ["out"] if count == 1 else [f"out{i}" for i in range(count)]
            outs = [f"{name}.out()" for name in names]
            returned = "out" if count == 1 else "{" + ", ".join(names) + "}"
            return lines + [f"{self.tensor} {', '.join(names)};", f"check({op.c}({', '.join(passed + outs)}));",
                            f"return {returned};"]
        kind, returned = {"bool": ("int32_t", "out != 0"), "int": ("int64_t", "out"),
                          "ScalarType": ("tt_dtype", "static_cast<DType>(out)")}[op.returns]
        return lines + [f"{kind} out = 0;", f"check({op.c}({', '.join(passed + ['&out'])}));", f"return {returned};"]

    def declared(self, arguments, defaults=True):
        return [f"{self.type(argument)} {argument.name}{self.default(argument) if defaults else ''}"
                for argument in arguments]


def define(indent, comment, head, body):
    return [f"{indent}// {comment}", f"{indent}{head} {{"] + [f"{indent}  {line}" for line in body] + [indent + "}"]


def methods_hpp(ops, enums):
    """The enums, and the methods of Tensor."""
    used = sorted({"tt_" + argument.base for op in ops for argument in op.arguments if "tt_" + argument.base in enums})
    out = [f"// TinyTorch for C++: the enums of ops, and Tensor's methods. Included by tensor.hpp.\n// {MARK}",
           "// clang-format off", "#ifndef TINYTORCH_METHODS_HPP_", "#define TINYTORCH_METHODS_HPP_", "",
           '#include "tinytorch/types.hpp"', "", "namespace tt {"]
    for name in used:
        out += ["", f"// {name}: {enums[name]['comment']}", f"enum class {camel(name[3:])} : {name} {{"]
        out += [f"  {short} = {full}," for short, full in enumerators(enums[name]).items()] + ["};"]
    out += ["", "namespace detail {", "",
            "// The methods of `Self`, which derives from it. Each is named with the C function that it calls.",
            "template <typename Self>", "class Methods {", " public:"]
    cpp = Cpp(enums, "Self")
    for op in ops:
        if not op.is_method or op.manual:
            continue
        arguments = op.arguments[1:]
        head = f"{cpp.result(op)} {op.name}({', '.join(cpp.declared(arguments))})" + ("" if op.in_place else " const")
        out += define("  ", op.c, head, cpp.body(op, {argument.name for argument in arguments}, "self().get()", False))
    out += ["", " protected:", "  Methods() = default;", "", " private:",
            "  Self& self() { return static_cast<Self&>(*this); }",
            "  const Self& self() const { return static_cast<const Self&>(*this); }", "};", "", "}  // namespace detail",
            "}  // namespace tt", "", "#endif  // TINYTORCH_METHODS_HPP_"]
    return "\n".join(out) + "\n"


def ops_hpp(ops, enums):
    """The functions. Those with options take them in three forms: PyTorch's arguments; all of the C function's; and
    without the optional tensors."""
    out = [f"// TinyTorch for C++: every op as a function. Each is named with the C function that it calls.\n// {MARK}",
           "// clang-format off", "#ifndef TINYTORCH_OPS_HPP_", "#define TINYTORCH_OPS_HPP_", "",
           '#include "tinytorch/tensor.hpp"', "", "namespace tt {", ""]
    cpp = Cpp(enums, "Tensor")
    for op in ops:
        if not op.is_function or op.manual:
            continue
        head = f"inline {cpp.result(op)} {op.name}"
        declared = cpp.declared(op.arguments)
        if op.in_place:
            declared[0] = "Tensor& input"
        if op.is_method:
            names = ", ".join(argument.name for argument in op.arguments[1:])
            body = [f"return input.{op.name}({names});"]
        else:
            body = cpp.body(op, {argument.name for argument in op.arguments}, None, False)
        out += define("", op.c, f"{head}({', '.join(declared)})", body)
        if op.options:
            kind = OPTION_CLASSES.get(op.options.ctype, f"detail::OptionsOf<{op.options.ctype}>")
            whole = [argument for argument in op.arguments if argument.name not in op.members]
            short = [argument for argument in whole if argument.base != "Tensor" or argument.default is None]
            for arguments in [whole] + ([short] if short != whole else []):
                declared = cpp.declared(arguments, defaults=False) + [f"const {kind}& options"]
                out += define("", op.c, f"{head}({', '.join(declared)})",
                              cpp.body(op, {argument.name for argument in arguments}, None, True))
    out += ["", "}  // namespace tt", "", "#endif  // TINYTORCH_OPS_HPP_"]
    return "\n".join(out) + "\n"


# ---- descriptions ----------------------------------------------------------------------------------------------------


def api_json(api, ops):
    """The C API for authors of bindings: declarations as they are, and of ops their schemas."""
    schemas = {}
    for op in ops:
        described = {"schema": op.schema}
        described.update({key: op.keys[key] for key in ("autocast", "differs") if key in op.keys})
        if not op.manual:
            described["arguments"] = {
                parameter.argument.name: {"c": parameter.name, "type": parameter.argument.type,
                                          "default": parameter.argument.default,
                                          "keyword_only": parameter.argument.keyword_only}
                for parameter in op.inputs if parameter.argument}
        schemas.setdefault(op.c, []).append(described)
    functions = []
    for function in api["functions"]:
        functions.append(dict(function, ops=schemas[function["name"]]) if function["name"] in schemas else function)
    whole = dict(api, functions=functions)
    lines = ["{", f' "about": {json.dumps(MARK)},']
    kinds = list(whole)
    for kind in kinds:
        lines.append(f' "{kind}": [')
        lines.append(",\n".join("  " + json.dumps(each) for each in whole[kind]))
        lines.append(" ]" + ("," if kind != kinds[-1] else ""))
    return "\n".join(lines + ["}"]) + "\n"


def coverage_md(ops):
    """Each op, and how it differs from PyTorch's."""
    theirs = {}
    recorded = ROOT / "api/schemas.txt"
    if recorded.exists():
        for ours, their in re.findall(r"^ours: (.*)\ntheirs: (.*)$", recorded.read_text(), re.M):
            theirs[ours] = their
    out = ["# Ops", "", f"<!-- {MARK} -->", "",
           "Each op in PyTorch's schema notation, the C function that does it, PyTorch's schema, and what is different. In C++ the same",
           "names and arguments are functions of `tt::` and methods of `tt::Tensor`.", "",
           f"There are {len(ops)} lines for {len({op.name for op in ops})} names."]
    title = None
    for op in ops:
        if op.title != title:
            title = op.title
            out += ["", f"## {title}", "", "| op | C function | PyTorch's schema | mixed precision | difference |",
                    "| --- | --- | --- | --- | --- |"]
        cell = (lambda text: f"`{text}`" if text else "")
        out.append(f"| {cell(op.schema)} | {cell(op.c)} | {cell(theirs.get(op.schema, ''))} | {op.keys.get('autocast', '')} | "
                   f"{op.keys.get('differs', '')} |")
    return "\n".join(out) + "\n"


def outputs():
    api, ops = read_headers(), read_ops()
    check(api, ops)
    enums = {enum["name"]: enum for enum in api["enums"]}
    return {"include/tinytorch/methods.hpp": methods_hpp(ops, enums), "include/tinytorch/ops.hpp": ops_hpp(ops, enums),
            "share/api.json": api_json(api, ops), "docs/coverage.md": coverage_md(ops)}


def main(arguments):
    if arguments not in ([], ["--check"]):
        raise SystemExit(f"generate.py takes --check or nothing, not {' '.join(arguments)}")
    try:
        made = outputs()
    except Wrong as error:
        raise SystemExit(str(error)) from None
    stale = [name for name, text in made.items()
             if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    if arguments and stale:
        raise SystemExit(f"not what api/generate.py writes (run ./dev generate): {', '.join(stale)}")
    for name in stale:
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(made[name])
        print(f"generate: wrote {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
