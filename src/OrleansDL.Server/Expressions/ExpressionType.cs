namespace OrleansDL.Expressions;

/// <summary>A static type. A map either declares its fields, and has no others, or has values of one type under any key.</summary>
internal sealed record ExpressionType(TypeKind Kind)
{
    public static readonly ExpressionType Dyn = new(TypeKind.Dyn);
    public static readonly ExpressionType Null = new(TypeKind.Null);
    public static readonly ExpressionType Bool = new(TypeKind.Bool);
    public static readonly ExpressionType Int = new(TypeKind.Int);
    public static readonly ExpressionType Double = new(TypeKind.Double);
    public static readonly ExpressionType String = new(TypeKind.String);
    public static readonly ExpressionType Duration = new(TypeKind.Duration);
    public static readonly ExpressionType Timestamp = new(TypeKind.Timestamp);

    public ExpressionType Element { get => field ?? Dyn; init; }

    public IReadOnlyDictionary<string, ExpressionType>? Fields { get; init; }

    public bool IsNumber => Kind is TypeKind.Int or TypeKind.Double or TypeKind.Dyn;

    public static ExpressionType ListOf(ExpressionType element) => new(TypeKind.List) { Element = element };

    public static ExpressionType MapOf(ExpressionType element) => new(TypeKind.Map) { Element = element };

    public static ExpressionType Object(IReadOnlyDictionary<string, ExpressionType> fields) => new(TypeKind.Map) { Fields = fields };

    /// <summary>Whether a value of this type may turn out to be of <paramref name="kind"/>.</summary>
    public bool MayBe(TypeKind kind) => Kind == TypeKind.Dyn || Kind == kind;

    /// <summary>The narrowest type both fit in.</summary>
    public ExpressionType Join(ExpressionType other)
    {
        if (Kind != other.Kind)
        {
            return Dyn;
        }

        return Kind switch
        {
            TypeKind.List => ListOf(Element.Join(other.Element)),
            TypeKind.Map => ReferenceEquals(this, other) ? this : MapOf(Dyn),
            _ => this,
        };
    }

    public override string ToString() => Kind switch
    {
        TypeKind.List => Element.Kind == TypeKind.Dyn ? "list" : $"list of {Element}",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
