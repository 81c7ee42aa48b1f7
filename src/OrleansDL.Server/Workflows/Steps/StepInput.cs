using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>What a step takes under one key of <c>with</c>.</summary>
internal sealed record StepInput(ExpressionType Type)
{
    public bool Required { get; init; }
    public bool MayBeNull { get; init; }

    /// <summary>The text refers to a thing that must exist: <c>dataset</c> or <c>model</c>.</summary>
    public string? Refers { get; init; }

    public bool Accepts(ExpressionType given) => given.Kind == TypeKind.Dyn
        || Type.Kind == TypeKind.Dyn
        || Type.Kind == given.Kind
        || (Type.Kind == TypeKind.Double && given.Kind == TypeKind.Int)
        || (MayBeNull && given.Kind == TypeKind.Null);
}
