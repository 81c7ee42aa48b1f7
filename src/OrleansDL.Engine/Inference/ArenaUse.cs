namespace OrleansDL.Inference;

/// <summary>What a session's arena holds.</summary>
/// <param name="Used">Bytes that were in use at once at most, weights included: what lies behind them was never touched.</param>
/// <param name="Reserved">Bytes taken from the system's heap.</param>
public readonly record struct ArenaUse(long Used, long Reserved);
