namespace Saga.Host.Startup;

/// <summary>The host cannot start, and the user can mend it: each message names the thing and the fix. Shown without a stack trace.</summary>
public sealed class StartException(params IReadOnlyList<string> messages) : Exception(string.Join(Environment.NewLine, messages))
{
    public IReadOnlyList<string> Messages { get; } = messages;
}
