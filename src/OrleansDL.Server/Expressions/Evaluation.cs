namespace OrleansDL.Expressions;

/// <summary>What an expression came to.</summary>
/// <param name="Value">Its value.</param>
/// <param name="Operands">Every operand that was read, as it is written, with its value as JSON.</param>
/// <param name="NotANumber">The first operand of an ordering comparison that was NaN: a criterion must not pass with it, whatever the rest says.</param>
internal sealed record Evaluation(Value Value, IReadOnlyDictionary<string, string> Operands, string? NotANumber);
