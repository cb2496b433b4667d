namespace Saga.Workers.Runtime;

/// <summary>Idempotency keys of custom steps. They contain no full stop, as Standard Webhooks asks of ids.</summary>
internal static class StepKeys
{
    /// <summary>The same for every attempt of the step in this direction. Step names have no underscores, so different steps have different keys.</summary>
    public static string Of(Guid operation, string step, bool forward) =>
        $"{operation:n}_{step.Replace('.', '_')}_{(forward ? "execute" : "compensate")}";
}
