namespace OrleansDL.Expressions;

/// <summary>One node of a parsed expression, with the characters it was written in.</summary>
internal abstract record Node(int Start, int End)
{
    /// <summary>Longest way down to a leaf: the parser bounds it, so walking the tree cannot exhaust the stack.</summary>
    public int Height { get; init; } = 1;

    internal sealed record Literal(Value Value, int Start, int End) : Node(Start, End);

    internal sealed record Name(string Text, int Start, int End) : Node(Start, End);

    internal sealed record Member(Node Target, string Field, int Start, int End) : Node(Start, End);

    internal sealed record Index(Node Target, Node Key, int Start, int End) : Node(Start, End);

    /// <summary><c>target.*.rest</c>: <paramref name="Body"/> for every element, which it knows as <c>*</c>.</summary>
    internal sealed record Projection(Node Target, Node Body, int Start, int End) : Node(Start, End);

    internal sealed record Call(string Function, IReadOnlyList<Node> Arguments, int Start, int End) : Node(Start, End);

    /// <summary><c>range.all(x, body)</c>, and <c>exists</c>, <c>map</c>, <c>filter</c>.</summary>
    internal sealed record Comprehension(string Macro, Node Range, string Variable, Node Body, int Start, int End) : Node(Start, End);

    internal sealed record Unary(string Operator, Node Operand, int Start, int End) : Node(Start, End);

    internal sealed record Binary(string Operator, Node Left, Node Right, int Start, int End) : Node(Start, End);

    internal sealed record Conditional(Node Condition, Node Then, Node Else, int Start, int End) : Node(Start, End);

    internal sealed record ListOf(IReadOnlyList<Node> Items, int Start, int End) : Node(Start, End);

    internal sealed record MapOf(IReadOnlyList<KeyValuePair<Node, Node>> Entries, int Start, int End) : Node(Start, End);

    public IEnumerable<Node> Children => this switch
    {
        Member m => [m.Target],
        Index i => [i.Target, i.Key],
        Projection p => [p.Target, p.Body],
        Call c => c.Arguments,
        Comprehension c => [c.Range, c.Body],
        Unary u => [u.Operand],
        Binary b => [b.Left, b.Right],
        Conditional c => [c.Condition, c.Then, c.Else],
        ListOf l => l.Items,
        MapOf m => m.Entries.SelectMany(e => new[] { e.Key, e.Value }),
        _ => [],
    };
}
