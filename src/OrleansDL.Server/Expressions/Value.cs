namespace OrleansDL.Expressions;

/// <summary>A value of the expression language.</summary>
internal abstract record Value
{
    public static Value Nothing { get; } = new Null();

    public abstract string TypeName { get; }

    public static Value Of(bool value) => new Bool(value);

    public static Value Of(long value) => new Int(value);

    public static Value Of(double value) => new Double(value);

    public static Value Of(string value) => new String(value);

    public static Value Of(IReadOnlyList<Value> items) => new List(items);

    public static Value Of(IReadOnlyDictionary<string, Value> entries) => new Map(entries);

    internal sealed record Null : Value
    {
        public override string TypeName => "null";
    }

    internal sealed record Bool(bool Is) : Value
    {
        public override string TypeName => "bool";
    }

    internal sealed record Int(long Number) : Value
    {
        public override string TypeName => "int";
    }

    internal sealed record Double(double Number) : Value
    {
        public override string TypeName => "double";
    }

    internal sealed record String(string Text) : Value
    {
        public override string TypeName => "string";
    }

    internal sealed record List(IReadOnlyList<Value> Items) : Value
    {
        public override string TypeName => "list";
    }

    /// <summary>Keys are strings, as in JSON.</summary>
    internal sealed record Map(IReadOnlyDictionary<string, Value> Entries) : Value
    {
        public override string TypeName => "map";
    }

    internal sealed record Duration(TimeSpan Span) : Value
    {
        public override string TypeName => "duration";
    }

    internal sealed record Timestamp(DateTimeOffset Time) : Value
    {
        public override string TypeName => "timestamp";
    }
}
