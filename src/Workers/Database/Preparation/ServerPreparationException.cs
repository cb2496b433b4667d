namespace Saga.Workers.Database.Preparation;

/// <summary>A server is not prepared in this way. The message says what to do.</summary>
public sealed class ServerPreparationException(string message) : Exception(message);
