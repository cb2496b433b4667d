namespace Saga.Hosting.Startup;

/// <summary>Arguments or settings that nothing reads.</summary>
public sealed class WrongArgumentsException(IReadOnlyList<string> messages) : Exception(string.Join(Environment.NewLine, messages))
{
    public IReadOnlyList<string> Messages { get; } = messages;
}
