using Xunit;

// The tests share servers, and some stop them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
