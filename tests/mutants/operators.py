"""How code is mutated: Cosmic Ray's operators, and two of the same kind.

Of Cosmic Ray's replacements those are taken that somebody could write by mistake: ``+`` becomes
``-`` and not ``<<``, which would only end in a TypeError and flatter the tests.
"""

from ast import literal_eval
from collections.abc import Iterator

from cosmic_ray.ast import ast_nodes
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import IfStmt, Keyword, WhileStmt
from parso.tree import NodeOrLeaf

CORE = """
    ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add
    ReplaceBinaryOperator_Mul_Div ReplaceBinaryOperator_Div_Mul
    ReplaceBinaryOperator_FloorDiv_Mul ReplaceBinaryOperator_Mod_Mul
    ReplaceBinaryOperator_BitAnd_BitOr ReplaceBinaryOperator_BitOr_BitAnd
    ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq
    ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_Lt_GtE
    ReplaceComparisonOperator_LtE_Lt ReplaceComparisonOperator_LtE_Gt
    ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_Gt_LtE
    ReplaceComparisonOperator_GtE_Gt ReplaceComparisonOperator_GtE_Lt
    ReplaceComparisonOperator_Is_IsNot ReplaceComparisonOperator_IsNot_Is
    ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_Delete_USub
    ReplaceUnaryOperator_Delete_Invert
    ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue
    ReplaceBreakWithContinue ReplaceContinueWithBreak
    NumberReplacer ZeroIterationForLoop ExceptionReplacer RemoveDecorator
""".split()
MANY = 10  # of anything: bounds and times are chosen, one more or less is as good


class DecideCondition(Operator):
    """A condition holds always, or never."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple]:
        """The conditions of ``if``, ``elif``, ``while``, ``x if y else z`` and comprehensions."""
        for place in self._conditions(node):
            condition = node.children[place]
            for _ in (True, False):
                yield condition.start_pos, condition.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """Put a constant there."""
        place = self._conditions(node)[index // 2]
        value = "False" if index % 2 else "True"
        node.children[place] = Keyword(value, node.children[place].start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Before and after."""
        return (
            Example("if late: pass", "if True: pass"),
            Example("[x for x in y if x]", "[x for x in y if False]", occurrence=1),
        )

    @staticmethod
    def _conditions(node: NodeOrLeaf) -> list[int]:
        if isinstance(node, IfStmt | WhileStmt):
            heads = ("if", "elif", "while")
            return [n + 1 for n, child in enumerate(node.children) if child in heads]
        return {"test": [2], "ternary": [2], "comp_if": [1]}.get(node.type, [])


class RemoveStatement(Operator):
    """A statement that acts on something becomes ``pass``."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple]:
        """Calls, ``raise``, ``del``, ``yield``, ``x += y`` and what is put into a place."""
        if node.type == "simple_stmt" and self._acts(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """Leave nothing but its place."""
        first = node.get_first_leaf()
        node.children[0] = Keyword("pass", first.start_pos, prefix=first.prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Before and after."""
        return (
            Example("x += y\n", "pass\n"),
            Example("if x:\n    y.start = z\n", "if x:\n    pass\n"),
        )

    @staticmethod
    def _acts(statement: NodeOrLeaf) -> bool:
        if statement.type == "expr_stmt":
            target, how = statement.children[:2]
            return target.type == "atom_expr" or (how.type == "operator" and how.value != "=")
        return statement.type in ("atom_expr", "raise_stmt", "del_stmt", "yield_expr", "await")


OPERATORS: dict[str, type[Operator]] = {
    **{name: get_operator(f"core/{name}") for name in CORE},
    "DecideCondition": DecideCondition,
    "RemoveStatement": RemoveStatement,
}


def places(operator: Operator, tree: NodeOrLeaf) -> Iterator[tuple[int, tuple[int, int]]]:
    """Where it can mutate: the number of the occurrence and its (line, column)."""
    occurrence = 0
    for node in ast_nodes(tree):
        for start, _ in operator.mutation_positions(node):
            if not equivalent(tree.get_leaf_for_position(start)):
                yield occurrence, start
            occurrence += 1


def equivalent(leaf: NodeOrLeaf) -> bool:
    """Whether a mutant here means the same to everybody: no test could tell.

    These are annotations, how a dataclass is made (frozen, with slots),
    decorators that remember, what is written to the log, pauses between two
    looks, ``zip``'s check of the code that calls it, what becomes of threads
    when the process ends, and a constant of :data:`MANY` that has one more or less.
    """
    around = [leaf]
    while around[-1].parent is not None:
        around.append(around[-1].parent)
    return _is_of_many(leaf) or any(map(_changes_nothing, around))


def _changes_nothing(node: NodeOrLeaf) -> bool:
    code = node.get_code(include_prefix=False)
    if node.type == "decorator":
        return code.startswith(("@dataclass", "@cache", "@lru_cache"))
    if node.type == "simple_stmt":
        return code.startswith(("logger.", "time.sleep("))
    if node.type == "argument":
        return code.startswith(("strict=", "daemon="))
    if node.parent is None or node.parent.type not in ("param", "tfpdef", "annassign", "funcdef"):
        return False
    before = node.get_previous_sibling()
    return before is not None and before in (":", "->") and node.type != "suite"


def _is_of_many(leaf: NodeOrLeaf) -> bool:
    """Whether it is a large number in ``NAME = …``, alone or in a term."""
    if leaf.type != "number" or abs(literal_eval(leaf.value)) < MANY:
        return False
    node = leaf.parent
    while node.type in ("term", "arith_expr", "shift_expr"):
        node = node.parent
    return node.type == "expr_stmt" and getattr(node.children[0], "value", "").isupper()
