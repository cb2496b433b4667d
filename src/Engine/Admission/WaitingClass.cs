using System.Runtime.InteropServices;
using Saga.Engine.Operations;

namespace Saga.Engine.Admission;

/// <summary>One class of operations and its current use of slots.</summary>
/// <param name="Priority">The class.</param>
/// <param name="Used">The number of slots that its operations use.</param>
/// <param name="Waiting">The number of its operations that wait for a slot.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WaitingClass(OperationPriority Priority, int Used, int Waiting);
