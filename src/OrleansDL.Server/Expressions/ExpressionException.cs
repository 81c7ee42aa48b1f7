namespace OrleansDL.Expressions;

/// <summary>An expression is wrong, or could not be evaluated. <see cref="Position"/> counts characters from 0.</summary>
internal sealed class ExpressionException(string problem, int position, bool isLimit = false)
    : Exception($"{problem} (column {position + 1})")
{
    public int Position { get; } = position;

    /// <summary>A limit was hit: unlike other errors, <c>||</c> and <c>&amp;&amp;</c> do not absorb it.</summary>
    public bool IsLimit { get; } = isLimit;
}
