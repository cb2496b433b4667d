namespace Saga.Tests.Simulation;

/// <summary>The engine broke one of its promises, or its code failed.</summary>
public sealed class BrokenPromiseException(string what, Exception? cause = null) : Exception(what, cause);
