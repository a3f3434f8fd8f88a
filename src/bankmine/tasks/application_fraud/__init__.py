"""Which applications are false: the list for investigators, what each kind of evidence adds, rings that
grow."""
