namespace Saga.Host.Startup;

/// <summary>The host cannot start for a reason that the user can fix. Each message names the problem and the fix. Shown without a stack trace.</summary>
public sealed class StartException(params IReadOnlyList<string> messages) : Exception(string.Join(Environment.NewLine, messages))
{
    public IReadOnlyList<string> Messages { get; } = messages;
}
