"""What is simulated: rules, their luck, their numbers, what is asked for and what is measured."""
