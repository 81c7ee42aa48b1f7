using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>A value under <c>with</c>: as written, a template, or a list or map of such.</summary>
internal abstract record Argument(Place At)
{
    public static Argument Read(YamlNode node)
    {
        if (node.Items is { } items)
        {
            return new ListOf([.. items.Select(Read)], node.At);
        }

        if (node.Entries is { } entries)
        {
            return new MapOf(entries.ToDictionary(e => e.Key, e => Read(e.Value), StringComparer.Ordinal), node.At);
        }

        if (node.Scalar is not Value.String text || !Template.Has(text.Text))
        {
            return new Literal(node.Scalar ?? Value.Nothing, node.At);
        }

        try
        {
            return new Templated(text.Text, Template.Parse(text.Text), node.At);
        }
        catch (ExpressionException problem)
        {
            throw node.At.Wrong($"{problem.Message} in '{text.Text}'.");
        }
    }

    public IEnumerable<Expression> Expressions => this switch
    {
        Templated t => t.Template.Expressions,
        ListOf l => l.Items.SelectMany(item => item.Expressions),
        MapOf m => m.Entries.Values.SelectMany(item => item.Expressions),
        _ => [],
    };

    /// <summary>Whether it is the same in every run.</summary>
    public bool IsConstant => !Expressions.Any();

    /// <exception cref="InvalidException">An expression in it is wrong.</exception>
    public ExpressionType Check(IReadOnlyDictionary<string, ExpressionType> scope)
    {
        switch (this)
        {
            case Templated t:
                try
                {
                    return t.Template.Check(scope);
                }
                catch (ExpressionException problem)
                {
                    throw At.Wrong($"{problem.Message} in '{t.Text}'.");
                }

            case ListOf l:
                foreach (var item in l.Items)
                {
                    item.Check(scope);
                }

                return ExpressionType.ListOf(ExpressionType.Dyn);
            case MapOf m:
                foreach (var item in m.Entries.Values)
                {
                    item.Check(scope);
                }

                return ExpressionType.MapOf(ExpressionType.Dyn);
            default:
                return ((Literal)this).Value switch
                {
                    Value.Null => ExpressionType.Null,
                    Value.Bool => ExpressionType.Bool,
                    Value.Int => ExpressionType.Int,
                    Value.Double => ExpressionType.Double,
                    _ => ExpressionType.String,
                };
        }
    }

    /// <exception cref="InvalidException">An expression in it could not be evaluated.</exception>
    public Value Evaluate(IReadOnlyDictionary<string, Value> variables, DateTimeOffset now)
    {
        switch (this)
        {
            case Templated t:
                try
                {
                    return t.Template.Evaluate(variables, now);
                }
                catch (ExpressionException problem)
                {
                    throw At.Wrong($"{problem.Message} in '{t.Text}'.");
                }

            case ListOf l:
                return Value.Of([.. l.Items.Select(item => item.Evaluate(variables, now))]);
            case MapOf m:
                return Value.Of(m.Entries.ToDictionary(e => e.Key, e => e.Value.Evaluate(variables, now), StringComparer.Ordinal));
            default:
                return ((Literal)this).Value;
        }
    }

    /// <summary>The argument as it is written, templates included: for the canonical form.</summary>
    public Value Written => this switch
    {
        Templated t => Value.Of(t.Text.Trim()),
        ListOf l => Value.Of([.. l.Items.Select(item => item.Written)]),
        MapOf m => Value.Of(m.Entries.ToDictionary(e => e.Key, e => e.Value.Written, StringComparer.Ordinal)),
        _ => ((Literal)this).Value,
    };

    internal sealed record Literal(Value Value, Place At) : Argument(At);

    internal sealed record Templated(string Text, Template Template, Place At) : Argument(At);

    internal sealed record ListOf(IReadOnlyList<Argument> Items, Place At) : Argument(At);

    internal sealed record MapOf(IReadOnlyDictionary<string, Argument> Entries, Place At) : Argument(At);
}
