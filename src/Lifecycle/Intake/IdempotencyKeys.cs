namespace Saga.Lifecycle.Intake;

/// <summary>The rule for idempotency keys, the same for HTTP and the bus.</summary>
public static class IdempotencyKeys
{
    public const string Rule = "1 to 200 visible ASCII characters";

    public static bool IsValid(string key) => key.Length is >= 1 and <= 200 && key.All(c => c is > ' ' and <= '~');
}
