using System.Runtime.InteropServices;

namespace Saga.Registry.Transitions;

/// <summary>A message for an operation. Its id is the key of the inbox.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OperationMessage(Guid OperationId, Guid MessageId);
