namespace OrleansDL.Serving.Residency;

/// <summary>What is known of a model that was loaded here before.</summary>
/// <param name="Popularity">Requests, older ones counting less, as of then.</param>
/// <param name="At">Timestamp of then.</param>
/// <param name="Bytes">Bytes it took.</param>
internal readonly record struct Remembered(double Popularity, long At, long Bytes);
