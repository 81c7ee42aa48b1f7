namespace OrleansDL.Serving;

/// <summary>Rows of payload logs that go into one dataset together.</summary>
/// <param name="Id">Makes a repeat of the commit harmless.</param>
/// <param name="Project">Whose.</param>
/// <param name="Dataset">Its name or id.</param>
/// <param name="Lines">JSON Lines.</param>
/// <param name="Rows">How many.</param>
/// <param name="Begun">When the first was taken.</param>
/// <param name="AnsweredBy">What answered.</param>
public sealed record PayloadBatch(Guid Id, string Project, string Dataset, ReadOnlyMemory<byte> Lines, long Rows, DateTimeOffset Begun, IReadOnlyCollection<long> AnsweredBy);
