using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>An input of a workflow.</summary>
internal sealed record InputDefinition
{
    public static readonly string[] Types = ["string", "int", "double", "bool", "dataset", "model", "json"];

    public required string Name { get; init; }

    /// <summary>One of <see cref="Types"/>. A dataset and a model are references, given as text.</summary>
    public required string Type { get; init; }

    /// <summary>Null: a run must be given it.</summary>
    public Value? Default { get; init; }
    public required Place At { get; init; }

    public ExpressionType ExpressionType => Type switch
    {
        "int" => ExpressionType.Int,
        "double" => ExpressionType.Double,
        "bool" => ExpressionType.Bool,
        "json" => ExpressionType.Dyn,
        _ => ExpressionType.String,
    };

    /// <summary>Whether a value is of the input's type.</summary>
    public bool Accepts(Value value) => Type switch
    {
        "int" => value is Value.Int,
        "double" => value is Value.Int or Value.Double,
        "bool" => value is Value.Bool,
        "json" => true,
        _ => value is Value.String,
    };
}
