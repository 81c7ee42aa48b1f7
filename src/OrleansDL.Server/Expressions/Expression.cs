namespace OrleansDL.Expressions;

/// <summary>A parsed expression of our subset of CEL.</summary>
/// <remarks>It differs from CEL where JSON asks for it: an int and a double may be added and compared (a metric of exactly 1
/// is written <c>1</c>), keys of maps are strings, and an ordering comparison with NaN is told to the caller.</remarks>
internal sealed class Expression
{
    private readonly Node _root;

    private Expression(string text, Node root)
    {
        Text = text;
        _root = root;
    }

    public string Text { get; }

    /// <exception cref="ExpressionException">The text is no expression.</exception>
    public static Expression Parse(string text) => new(text, Parser.Parse(text));

    /// <summary>The expression's type where the names of <paramref name="scope"/> are known.</summary>
    /// <exception cref="ExpressionException">The expression names something unknown, or puts types together that do not go together.</exception>
    public ExpressionType Check(IReadOnlyDictionary<string, ExpressionType> scope) => new TypeChecker(Text, scope).Check(_root);

    /// <exception cref="ExpressionException">A member is missing, a type does not fit, a number overflows, or a limit is hit.</exception>
    public Evaluation Evaluate(IReadOnlyDictionary<string, Value> variables, DateTimeOffset now)
    {
        var operands = new Operands();
        var value = new Evaluator(Text, variables, now, operands).Evaluate(_root);
        return new Evaluation(value, operands.Values, operands.NotANumber);
    }

    /// <summary>Evaluates, and hands out the operands read so far even when that fails.</summary>
    public Value Evaluate(IReadOnlyDictionary<string, Value> variables, DateTimeOffset now, Operands operands) =>
        new Evaluator(Text, variables, now, operands).Evaluate(_root);

    /// <summary>Names of the members taken directly from a name: for <c>steps</c> in <c>steps.train.model</c>, <c>train</c>.
    /// A use of the bare name is told as null.</summary>
    public IEnumerable<string?> MembersOf(string name) => MembersOf(_root, name);

    private static IEnumerable<string?> MembersOf(Node node, string name) => node switch
    {
        Node.Member { Target: Node.Name n } m when n.Text == name => [m.Field],
        Node.Index { Target: Node.Name n, Key: Node.Literal { Value: Value.String s } } when n.Text == name => [s.Text],
        Node.Name n when n.Text == name => [null],
        _ => node.Children.SelectMany(child => MembersOf(child, name)),
    };
}
